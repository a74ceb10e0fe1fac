package io.github.aoti4j.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A name without a class would end the loading ahead of the others. */
class FirstClassesTest {
    @Test
    void listNamesClassesThatThereAre() throws IOException {
        List<String> unknown = new ArrayList<>();
        String[] names = FirstClasses.names();
        for (String name : names) {
            try {
                Class<?> _ = Class.forName(name, false, FirstClasses.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                unknown.add(name);
            }
        }
        assertEquals(List.of(), unknown);
        assertTrue(names.length > 200, names.length + " names");
    }
}
