package io.github.aoti4j.spark;

import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;

import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Closes the models of this process when its Spark ends, where driver and executor are one process:
 * that may live on, without the application.
 */
final class LocalModels extends SparkListener {
    private static final Set<SparkContext> KNOWN =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    private LocalModels() {}

    static void closeAtEnd(SparkContext spark) {
        if (spark.isLocal() && KNOWN.add(spark)) {
            spark.addSparkListener(new LocalModels());
        }
    }

    @Override
    public void onApplicationEnd(SparkListenerApplicationEnd end) {
        ExecutorModels.get().closeUnused();
    }
}
