package io.github.aoti4j.internal.lifecycle;

/** Closes several things that throw nothing checked, one after the other, whatever fails. */
public final class Closeables {
    private Closeables() {}

    /**
     * Closes all.
     *
     * @param because the failure that all are closed for, which is to be thrown and gets those of
     *     closing as suppressed ones; or null if there is none
     * @param parts in this order; null for one that is not there
     * @throws RuntimeException if nothing failed before: the first failure, with the others
     */
    public static void all(Throwable because, AutoCloseable... parts) {
        RuntimeException first = null;
        Throwable collector = because;
        for (AutoCloseable part : parts) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (RuntimeException e) {
                if (collector == null) {
                    first = e;
                    collector = e;
                } else {
                    collector.addSuppressed(e);
                }
            } catch (Exception e) {
                throw new AssertionError("what is closed here throws nothing checked", e);
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
