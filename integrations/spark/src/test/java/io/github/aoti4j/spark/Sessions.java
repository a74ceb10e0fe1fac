package io.github.aoti4j.spark;

import io.github.aoti4j.testing.Checkout;

import org.apache.spark.sql.SparkSession;

/** The session that all tests share. */
final class Sessions {
    private static SparkSession session;

    private Sessions() {}

    static synchronized SparkSession local() {
        if (session == null) {
            session =
                    SparkSession.builder()
                            .master("local[2]")
                            .appName("aoti4j")
                            .config("spark.ui.enabled", false)
                            .config("spark.driver.host", "127.0.0.1")
                            .config("spark.driver.bindAddress", "127.0.0.1")
                            .config("spark.sql.shuffle.partitions", 2)
                            .config("spark.sql.warehouse.dir", "target/warehouse")
                            .getOrCreate();
            // Tests make tasks fail.
            session.sparkContext().setLogLevel("OFF");
        }
        return session;
    }

    /** Ends the session; the next test starts another one. */
    static synchronized void stop() {
        session.stop();
        session = null;
    }

    static String fixture(String name) {
        return Checkout.fixtures().resolve(name).resolve(name + ".pt2").toString();
    }
}
