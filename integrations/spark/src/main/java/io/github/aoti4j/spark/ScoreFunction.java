package io.github.aoti4j.spark;

import io.github.aoti4j.core.InvalidInputException;

import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF10;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.api.java.UDF4;
import org.apache.spark.sql.api.java.UDF5;
import org.apache.spark.sql.api.java.UDF6;
import org.apache.spark.sql.api.java.UDF7;
import org.apache.spark.sql.api.java.UDF8;
import org.apache.spark.sql.api.java.UDF9;

import java.io.Serial;
import java.util.Map;
import java.util.TreeMap;

/**
 * A function of SQL: the name of a model, and the model's inputs for one row. Spark calls it once
 * for each row.
 */
final class ScoreFunction
        implements UDF2<Object, Object, Object>,
                UDF3<Object, Object, Object, Object>,
                UDF4<Object, Object, Object, Object, Object>,
                UDF5<Object, Object, Object, Object, Object, Object>,
                UDF6<Object, Object, Object, Object, Object, Object, Object>,
                UDF7<Object, Object, Object, Object, Object, Object, Object, Object>,
                UDF8<Object, Object, Object, Object, Object, Object, Object, Object, Object>,
                UDF9<
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object>,
                UDF10<
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object,
                        Object> {
    @Serial private static final long serialVersionUID = 1L;

    /** The most inputs that a function of Spark takes beside the model's name. */
    static final int MOST_INPUTS = 9;

    private final String function;
    private final TreeMap<String, RowScorer> models;
    private final boolean severalOutputs;

    ScoreFunction(String function, Map<String, RowScorer> models, boolean severalOutputs) {
        this.function = function;
        this.models = new TreeMap<>(models);
        this.severalOutputs = severalOutputs;
    }

    private Object score(Object model, Object... values) {
        RowScorer scorer = model == null ? null : models.get(model.toString());
        if (scorer == null) {
            throw new InvalidInputException(
                    "%s has no model %s: it has %s"
                            .formatted(function, model, String.join(", ", models.keySet())));
        }
        Object[] outputs = scorer.score(values);
        if (outputs == null) {
            return null;
        }
        return severalOutputs ? RowFactory.create(outputs) : outputs[0];
    }

    @Override
    public Object call(Object model, Object a) {
        return score(model, a);
    }

    @Override
    public Object call(Object model, Object a, Object b) {
        return score(model, a, b);
    }

    @Override
    public Object call(Object model, Object a, Object b, Object c) {
        return score(model, a, b, c);
    }

    @Override
    public Object call(Object model, Object a, Object b, Object c, Object d) {
        return score(model, a, b, c, d);
    }

    @Override
    public Object call(Object model, Object a, Object b, Object c, Object d, Object e) {
        return score(model, a, b, c, d, e);
    }

    @Override
    public Object call(Object model, Object a, Object b, Object c, Object d, Object e, Object f) {
        return score(model, a, b, c, d, e, f);
    }

    @Override
    public Object call(
            Object model, Object a, Object b, Object c, Object d, Object e, Object f, Object g) {
        return score(model, a, b, c, d, e, f, g);
    }

    @Override
    public Object call(
            Object model,
            Object a,
            Object b,
            Object c,
            Object d,
            Object e,
            Object f,
            Object g,
            Object h) {
        return score(model, a, b, c, d, e, f, g, h);
    }

    @Override
    public Object call(
            Object model,
            Object a,
            Object b,
            Object c,
            Object d,
            Object e,
            Object f,
            Object g,
            Object h,
            Object i) {
        return score(model, a, b, c, d, e, f, g, h, i);
    }
}
