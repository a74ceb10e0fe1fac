package io.github.aoti4j.bindings.stub;

/**
 * Where the fields of a shelf lie: a list of small tensors that have been deleted, each with the
 * block that was its own alone. A run that needs one of the same layout takes it as it is, in
 * machine code, where a call of Java takes some 40 ns.
 *
 * <p>Each pool has a shelf, on which only the thread that has entered the pool works. It lies in a
 * record that is no tensor's: {@link TensorRecord#OWNER} is the pool's number, and {@link
 * TensorRecord#NEXT} the first tensor. These have the state {@link TensorRecord#FREE}.
 */
public final class Shelf {
    /** How many more tensors may be put on it, int64. */
    public static final int ROOM = TensorRecord.INLINE_SIZES;

    /** Size of all blocks on it, int64. */
    public static final int BYTES = ROOM + Long.BYTES;

    private Shelf() {}
}
