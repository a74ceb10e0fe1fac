/** Opens and writes files of weights. */
package io.github.aoti4j.weights.files;
