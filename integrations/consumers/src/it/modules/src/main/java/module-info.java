module consumer {
    requires io.github.aoti4j;
}
