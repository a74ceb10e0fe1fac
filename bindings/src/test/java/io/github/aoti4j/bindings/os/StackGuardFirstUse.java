package io.github.aoti4j.bindings.os;

/**
 * A process whose first use of native code is where a stack ends. Interpreted, so that each call
 * takes the same stack. Its argument is how many calls above the end.
 */
final class StackGuardFirstUse {
    static final String REFUSED = "refused and usable";

    private static int calls;
    private static boolean refused;

    private StackGuardFirstUse() {}

    public static void main(String[] args) throws Exception {
        // Loads, and does not initialise.
        ClassLoader loader = StackGuardFirstUse.class.getClassLoader();
        for (Class<?> used : new Class<?>[] {StackGuard.class, StackPointer.class}) {
            Class<?> _ = Class.forName(used.getName(), false, loader);
        }
        inThread(-1);
        int deepest = calls;
        inThread(deepest - Integer.parseInt(args[0]));
        StackGuard.requireForLoad();
        System.out.println(refused ? REFUSED : "not refused");
    }

    private static void inThread(int depth) throws InterruptedException {
        Thread thread = new Thread(null, new Deep(depth), "deep", 512 << 10);
        thread.start();
        thread.join();
    }

    private record Deep(int depth) implements Runnable {
        @Override
        public void run() {
            try {
                descend(depth);
            } catch (StackOverflowError e) {
                refused = true;
            }
        }

        /** Goes down to a depth, or to the end if that is negative. */
        private static void descend(int left) {
            calls++;
            if (left == 0) {
                refused = false;
                StackGuard.requireForLoad();
            } else {
                descend(left - 1);
            }
        }
    }
}
