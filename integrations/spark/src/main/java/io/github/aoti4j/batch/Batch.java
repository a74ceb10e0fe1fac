package io.github.aoti4j.batch;

import io.github.aoti4j.Model;
import io.github.aoti4j.Tensor;
import io.github.aoti4j.core.AotiException;
import io.github.aoti4j.core.InvalidInputException;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gathers rows and runs a model on them: {@link #add} each row, and {@link #run} when {@link
 * #isFull}, when a row has to wait, or when there are no more rows.
 *
 * <p>Used by one thread at a time; {@link #close} may come from another one, waits for a run, and
 * everything fails from then on.
 */
public final class Batch implements AutoCloseable {
    /** What has become of a row. */
    public enum Row {
        /** It is one of the batch. */
        ADDED,
        /** It has a null, and is not one of the batch. */
        NULL,
        /** Its sizes are others: {@link #run} must come first, and it is one of the next batch. */
        NEXT
    }

    private final Model model;
    private final BatchPlan plan;
    private final String place;
    private final InputWriter[] inputs;

    private int rows;
    private boolean rowWaits;
    private boolean closed;

    /** The number of the row that is being written, and of the first one of the batch. */
    private long current = -1;

    private long first;

    /** The input that was written last, for messages. */
    private InputWriter latest;

    /**
     * Prepares batches.
     *
     * @param model stays the caller's, and must stay open
     * @param place where the rows are from, for messages; for example {@code partition 3}
     */
    public Batch(Model model, BatchPlan plan, String place) {
        this.model = model;
        this.plan = plan;
        this.place = place;
        this.inputs = new InputWriter[plan.inputs().size()];
        try {
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] =
                        new InputWriter(plan.inputs().get(i), plan.nulls(), plan.sizes().most());
            }
        } catch (Throwable e) {
            closeInputs();
            throw e;
        }
    }

    /** Writes one row's values. */
    @FunctionalInterface
    public interface RowReader {
        /**
         * Writes the value of one input.
         *
         * @param input in call order
         */
        void write(int input, InputWriter writer);
    }

    /**
     * Reads a row.
     *
     * @return what has become of it
     * @throws InvalidInputException if the row cannot be an input, naming row and column
     */
    public synchronized Row add(RowReader row) {
        requireOpen();
        if (rowWaits) {
            throw new IllegalStateException("the batch has not been run");
        }
        current++;
        try {
            for (int i = 0; i < inputs.length; i++) {
                latest = inputs[i];
                latest.beginRow();
                row.write(i, latest);
            }
        } catch (NullInRow _) {
            dropUpTo(latest);
            return Row.NULL;
        } catch (InvalidInputException e) {
            throw located(e);
        }
        boolean fits = true;
        for (InputWriter input : inputs) {
            fits &= input.fits();
        }
        if (!fits) {
            rowWaits = true;
            for (InputWriter input : inputs) {
                input.holdRow();
            }
            return Row.NEXT;
        }
        for (InputWriter input : inputs) {
            input.endRow();
        }
        first = rows == 0 ? current : first;
        rows++;
        return Row.ADDED;
    }

    /** {@return whether the batch has as many rows as it may have} */
    public boolean isFull() {
        return rows >= plan.sizes().most();
    }

    /**
     * Runs the model on the rows of the batch, and begins the next one.
     *
     * @return for each row that was {@link Row#ADDED}, in this order, the values of the plan's
     *     outputs: numbers, booleans, arrays of primitive types, or arrays of such
     * @throws AotiException if the model fails, naming the rows
     */
    public synchronized List<Object[]> run() {
        requireOpen();
        List<Object[]> values = rows == 0 ? List.of() : runRows();
        for (InputWriter input : inputs) {
            input.nextBatch();
        }
        first = current;
        rows = rowWaits ? 1 : 0;
        rowWaits = false;
        return values;
    }

    private List<Object[]> runRows() {
        int size = plan.sizes().of(rows);
        Tensor[] tensors = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            tensors[i] = inputs[i].tensor(rows, size);
        }
        try (Arena arena = Arena.ofConfined()) {
            List<Tensor> results = model.run(arena, laidOut(arena, tensors));
            List<OutputColumn> columns = new ArrayList<>();
            for (OutputPlan output : plan.outputs()) {
                columns.add(new OutputColumn(output, results.get(output.index()), arena, size));
            }
            return values(columns);
        } catch (AotiException e) {
            throw new AotiException(
                    "a batch of %d rows from row %d of %s: %s"
                            .formatted(rows, first, place, e.getMessage()),
                    e);
        }
    }

    /** Most models take row-major tensors. */
    private Tensor[] laidOut(Arena arena, Tensor[] tensors) {
        List<long[]> strides = model.stridesFor(Arrays.stream(tensors).map(Tensor::shape).toList());
        Tensor[] result = tensors.clone();
        for (int i = 0; i < tensors.length; i++) {
            if (!Arrays.equals(strides.get(i), tensors[i].strides())) {
                result[i] = tensors[i].copyWithStrides(arena, strides.get(i));
            }
        }
        return result;
    }

    private List<Object[]> values(List<OutputColumn> columns) {
        List<Object[]> values = new ArrayList<>(rows);
        for (int row = 0; row < rows; row++) {
            Object[] value = new Object[columns.size()];
            for (int c = 0; c < value.length; c++) {
                value[c] = columns.get(c).value(row);
            }
            values.add(value);
        }
        return values;
    }

    private void dropUpTo(InputWriter last) {
        for (InputWriter input : inputs) {
            input.dropRow();
            if (input == last) {
                return;
            }
        }
    }

    private InvalidInputException located(InvalidInputException e) {
        var located =
                new InvalidInputException(
                        "row %d of %s, column %s: %s"
                                .formatted(
                                        current,
                                        place,
                                        latest.plan().tensor().column(),
                                        e.getMessage()));
        located.initCause(e);
        return located;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    "the batch is closed: the task that reads it has ended");
        }
    }

    private void closeInputs() {
        for (InputWriter input : inputs) {
            if (input != null) {
                input.close();
            }
        }
    }

    /** Frees the memory of the inputs. Closing again does nothing. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            closeInputs();
        }
    }
}
