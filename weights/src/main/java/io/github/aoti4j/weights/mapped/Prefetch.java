package io.github.aoti4j.weights.mapped;

import io.github.aoti4j.bindings.os.Closeables;
import io.github.aoti4j.bindings.os.Pages;
import io.github.aoti4j.core.Progress;
import io.github.aoti4j.weights.Paging;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Reads the pages that tensors lie in, and no others of their files. */
final class Prefetch {
    /** How much is done between two reports. */
    private static final long SLICE = 64L << 20;

    private final Path path;
    private final List<MemorySegment> ranges = new ArrayList<>();

    Prefetch(Path path, List<MappedFile> files, Collection<PlacedTensor> tensors) {
        this.path = path;
        var inOrder =
                tensors.stream()
                        .filter(tensor -> tensor.span() > 0)
                        .sorted(
                                Comparator.comparingInt(PlacedTensor::file)
                                        .thenComparingLong(PlacedTensor::offset))
                        .toList();
        for (int i = 0; i < inOrder.size(); ) {
            int file = inOrder.get(i).file();
            long begin = inOrder.get(i).offset() & -Pages.SIZE;
            long end = begin;
            // A page between two tensors belongs to no hole worth a range of its own.
            for (; i < inOrder.size(); i++) {
                var next = inOrder.get(i);
                if (next.file() != file || next.offset() > end + Pages.SIZE) {
                    break;
                }
                end = Math.max(end, next.offset() + next.span());
            }
            ranges.add(files.get(file).writableSegment().asSlice(begin, end - begin));
        }
    }

    void run(Paging paging, Progress progress) {
        switch (paging) {
            case LAZY -> {}
            case WILLNEED -> eachSlice(Pages::willNeed, "advising", progress);
            case POPULATE -> eachSlice(Pages::populate, "reading", progress);
            case LOCKED -> lock(progress);
        }
    }

    private void lock(Progress progress) {
        var locked = new ArrayList<AutoCloseable>();
        try {
            // First, since it fails before anything is read; pages are locked as they come in.
            for (var range : ranges) {
                Pages.lock(range);
                locked.add(() -> Pages.unlock(range));
            }
            eachSlice(Pages::populate, "reading", progress);
        } catch (Throwable e) {
            Closeables.closeAfter(e, locked);
            throw e;
        }
    }

    private interface Step {
        void take(MemorySegment slice);
    }

    private void eachSlice(Step step, String verb, Progress progress) {
        long total = ranges.stream().mapToLong(MemorySegment::byteSize).sum();
        if (total == 0) {
            return;
        }
        String message = verb + " " + path;
        long done = 0;
        progress.update(message, 0, total);
        for (var range : ranges) {
            for (long at = 0; at < range.byteSize(); at += SLICE) {
                long length = Math.min(SLICE, range.byteSize() - at);
                step.take(range.asSlice(at, length));
                done += length;
                progress.update(message, done, total);
            }
        }
    }
}
