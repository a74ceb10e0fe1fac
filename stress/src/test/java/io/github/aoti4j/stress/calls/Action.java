package io.github.aoti4j.stress.calls;

/**
 * What the API offers to do, rightly or wrongly; {@code Class.method} is where it is documented.
 */
enum Action {
    LOAD("Model.load"),
    CLOSE("Model.close"),
    NEW_ARENA(""),
    CLOSE_ARENA(""),
    ZEROS("Tensor.zeros"),
    ODD_ZEROS("Tensor.zeros"),
    OF_ARRAY("Tensor.of"),
    WRAP("Tensor.wrap"),
    COPY("Tensor.copy"),
    COPY_WITH_STRIDES("Tensor.copyWithStrides"),
    READ("Tensor.toFloatArray"),
    READ_LONGS("Tensor.toLongArray"),
    RUN("Model.run"),
    RUN_ANYTHING("Model.run"),
    ACCEPTS("Model.accepts"),
    STRIDES_FOR("Model.stridesFor"),
    CALL("Model.call"),
    CALL_ANYTHING("Model.call"),
    CALL_SPEC("Model.callSpec"),
    NEW_RUNNER("Model.newRunner"),
    BIND("Runner.bind"),
    ALLOCATE("Runner.allocate"),
    RUN_RUNNER("Runner.run"),
    INPUT("Runner.input"),
    OUTPUT("Runner.output"),
    COPY_OUTPUT("Runner.copyOutput"),
    CLOSE_RUNNER("Runner.close"),
    LIST_CONSTANTS("Constants.list"),
    READ_CONSTANT("Constants.read"),
    UPDATE("Constants.update"),
    UPDATE_TENSORS("Constants.update"),
    OPEN("ModelPackage.open"),
    OPEN_BYTES("ModelPackage.open"),
    DESCRIBE("ModelPackage.describe"),
    LOAD_FROM_PACKAGE("ModelPackage.load"),
    CLOSE_PACKAGE("ModelPackage.close"),
    RUN_GUARDED("GuardedModel.run"),
    MATCH("GuardedModel.match"),
    CALL_GUARDED("GuardedModel.call"),
    CLOSE_GUARDED("GuardedModel.close"),
    OPERATOR_DOES(""),
    OPERATOR_ERRS(""),
    MANY_RUN("Model.run"),
    LOOK_AT_CACHE("ModelCache.entries"),
    OTHER_COPY("");

    private final String method;

    Action(String method) {
        this.method = method;
    }

    /** Where its exceptions are documented; empty for what is the JDK's or the tests' own. */
    String method() {
        return method;
    }
}
