/** Meters of Micrometer for models. */
// Micrometer has no descriptor; its manifest names the module.
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.github.aoti4j.micrometer {
    requires transitive io.github.aoti4j;
    requires transitive micrometer.core;

    exports io.github.aoti4j.micrometer;
}
