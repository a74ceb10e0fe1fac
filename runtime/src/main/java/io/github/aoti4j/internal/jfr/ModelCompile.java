package io.github.aoti4j.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

@Name("aoti4j.ModelCompile")
@Label("Model Compile")
@Category("aoti4j")
@Description("A package of source only is compiled, or fails to be")
@SuppressWarnings("unused") // read by Flight Recorder
public final class ModelCompile extends Event {
    @Label("Model")
    private final String model;

    @Label("Compiler")
    private final String compiler;

    public ModelCompile(String model, String compiler) {
        this.model = model;
        this.compiler = compiler;
        begin();
    }
}
