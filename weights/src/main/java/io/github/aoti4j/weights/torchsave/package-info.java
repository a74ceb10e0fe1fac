/** Files that torch.save writes: a pickle in a zip, read without running any of it. */
package io.github.aoti4j.weights.torchsave;
