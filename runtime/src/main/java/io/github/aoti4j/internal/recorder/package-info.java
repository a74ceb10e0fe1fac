/** Events of models, for JDK Flight Recorder. */
package io.github.aoti4j.internal.recorder;
