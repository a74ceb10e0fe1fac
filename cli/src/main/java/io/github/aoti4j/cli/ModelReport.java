package io.github.aoti4j.cli;

import io.github.aoti4j.ModelDescription;
import io.github.aoti4j.Requirement;

import java.util.List;

/** A model and what it needs. */
record ModelReport(ModelDescription model, List<Requirement> requirements) {}
