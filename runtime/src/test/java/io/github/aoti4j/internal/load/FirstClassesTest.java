package io.github.aoti4j.internal.load;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The list of classes to load ahead is not out of date. */
class FirstClassesTest {
    @Test
    void nearlyAllNamesAreThoseOfClasses() throws IOException {
        List<String> unknown = new ArrayList<>();
        String[] names = FirstClasses.names();
        for (String name : names) {
            try {
                Class<?> _ = Class.forName(name, false, FirstClasses.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                unknown.add(name);
            }
        }
        assertTrue(names.length > 200, names.length + " names");
        assertTrue(unknown.size() < names.length / 10, "make the list again: " + unknown);
    }
}
