package io.github.aoti4j.internal.proxy;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.aoti4j.bindings.DispatcherApi;
import io.github.aoti4j.core.NativeException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** How to make one of a model's calls: compiled once, and used by any number of threads. */
final class NodePlan {
    private final OperatorSchema schema;
    private final MemorySegment name;
    private final MemorySegment overload;
    private final Feed[] feeds;

    /** The same where the model brings the integers that the package leaves out as well. */
    private final Feed[] fullFeeds;

    private final Take[] takes;
    private final int ints;
    private final int fullInts;
    private final int tensors;

    NodePlan(
            OperatorSchema schema,
            List<Feed> feeds,
            List<Feed> fullFeeds,
            List<Take> takes,
            Arena arena) {
        this.schema = schema;
        this.name = arena.allocateFrom(schema.name());
        this.overload = arena.allocateFrom(schema.overload());
        this.feeds = feeds.toArray(Feed[]::new);
        this.fullFeeds = fullFeeds.toArray(Feed[]::new);
        this.takes = takes.toArray(Take[]::new);
        int compared = takes.stream().mapToInt(Take::ints).sum();
        this.ints = compared + feeds.stream().mapToInt(Feed::ints).sum();
        this.fullInts = compared + fullFeeds.stream().mapToInt(Feed::ints).sum();
        this.tensors =
                feeds.stream().mapToInt(Feed::tensors).sum()
                        + takes.stream().mapToInt(Take::tensors).sum();
    }

    OperatorSchema schema() {
        return schema;
    }

    /** Makes the call; what an operator in Java failed with is kept in the thread. */
    void run(
            OperatorThread thread,
            Call call,
            int numInts,
            MemorySegment intArguments,
            int numTensors,
            MemorySegment tensorArguments) {
        if (numTensors != tensors || (numInts != ints && numInts != fullInts)) {
            throw new IllegalStateException(
                    "the model calls %s with %d tensors and %d integers, and its package says %d and %d"
                            .formatted(schema.qualifiedName(), numTensors, numInts, tensors, ints));
        }
        call.begin(schema.stackSize(), numInts, intArguments, numTensors, tensorArguments);
        MemorySegment stack = call.stack();
        fill(stack, numInts == ints ? feeds : fullFeeds, call);
        try {
            DispatcherApi.call(name, overload, stack);
        } catch (NativeException e) {
            throw new NativeException(schema.qualifiedName(), e.nativeMessage());
        }
        takeAll(stack, call, thread);
    }

    private void fill(MemorySegment stack, Feed[] from, Call call) {
        int made = 0;
        try {
            for (; made < from.length; made++) {
                stack.setAtIndex(JAVA_LONG, made, from[made].make(call));
            }
        } catch (Throwable e) {
            for (int i = 0; i < made; i++) {
                ValueType type = schema.arguments().get(i).type();
                Values.release(type, stack.getAtIndex(JAVA_LONG, i), call.slot());
            }
            throw e;
        }
    }

    /** All results are this thread's to delete, whatever becomes of them. */
    private void takeAll(MemorySegment stack, Call call, OperatorThread thread) {
        RuntimeException failure = null;
        for (int i = 0; i < schema.results().size(); i++) {
            long bits = stack.getAtIndex(JAVA_LONG, i);
            try {
                if (failure == null && !thread.hasFailed()) {
                    takes[i].give(bits, call, schema.qualifiedName());
                }
            } catch (RuntimeException e) {
                failure = e;
            } finally {
                Values.release(schema.results().get(i).type(), bits, call.slot());
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
