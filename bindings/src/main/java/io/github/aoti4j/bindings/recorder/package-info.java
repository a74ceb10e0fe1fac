/** Events for JDK Flight Recorder, none of which is loaded while that does not run. */
package io.github.aoti4j.bindings.recorder;
