package io.github.aoti4j.cli;

import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

/** What the poms of the repository say. */
final class Poms {
    private Poms() {}

    /** Returns the versions that the root's dependency management has, by artifact. */
    static Map<String, String> versions() throws Exception {
        Document pom = parse(Page.ROOT.resolve("pom.xml"));
        Map<String, String> properties = new HashMap<>();
        for (Element property : children(first(pom.getDocumentElement(), "properties"))) {
            properties.put("${" + property.getTagName() + "}", property.getTextContent());
        }
        properties.put(
                "${project.version}",
                properties.get("${revision}") + properties.get("${changelist}"));
        Map<String, String> versions = new HashMap<>();
        // Which manages, and is not managed.
        versions.put("aoti4j-bom", properties.get("${project.version}"));
        Element managed = first(pom.getDocumentElement(), "dependencyManagement");
        for (Element dependency : children(first(managed, "dependencies"))) {
            String version = first(dependency, "version").getTextContent();
            versions.put(
                    first(dependency, "artifactId").getTextContent(),
                    properties.getOrDefault(version, version));
        }
        return versions;
    }

    /** Returns the names of the modules. */
    static Set<String> modules() throws Exception {
        return texts(Page.ROOT.resolve("pom.xml"), "module");
    }

    /** Returns the names of all profiles. */
    static Set<String> profiles() throws Exception {
        Set<String> names = new TreeSet<>();
        for (Path pom : poms()) {
            NodeList profiles = parse(pom).getElementsByTagName("profile");
            for (int i = 0; i < profiles.getLength(); i++) {
                names.add(first((Element) profiles.item(i), "id").getTextContent());
            }
        }
        return names;
    }

    private static List<Path> poms() throws IOException {
        Path integrations = Page.ROOT.resolve("integrations");
        try (Stream<Path> folders = Files.list(Page.ROOT);
                Stream<Path> within = Files.list(integrations)) {
            return Stream.of(Stream.of(Page.ROOT), folders, within)
                    .flatMap(all -> all)
                    .map(folder -> folder.resolve("pom.xml"))
                    .filter(Files::isRegularFile)
                    .toList();
        }
    }

    private static Set<String> texts(Path pom, String tag) throws Exception {
        Set<String> texts = new TreeSet<>();
        NodeList elements = parse(pom).getElementsByTagName(tag);
        for (int i = 0; i < elements.getLength(); i++) {
            texts.add(elements.item(i).getTextContent());
        }
        return texts;
    }

    private static Document parse(Path pom) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile());
    }

    private static Element first(Element parent, String tag) {
        return children(parent).stream()
                .filter(child -> child.getTagName().equals(tag))
                .findFirst()
                .orElseThrow();
    }

    private static List<Element> children(Element parent) {
        List<Element> children = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                children.add(element);
            }
        }
        return children;
    }
}
