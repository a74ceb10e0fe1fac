/** What the tests of several modules share; knows nothing of aoti4j's own classes. */
package io.github.aoti4j.testing;
