#include "tinyrun.h"

#include "core/files/checkpoints.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <sstream>

namespace studio::test {

namespace fs = std::filesystem;

std::vector<Event> Told::of(EventKind kind) const
{
    std::vector<Event> found;
    for (const auto& event : events)
        if (event.kind == kind) found.push_back(event);
    return found;
}

std::vector<std::int64_t> Told::stepsOf(EventKind kind) const
{
    std::vector<std::int64_t> found;
    for (const auto& event : of(kind))
        found.push_back(event.step);
    return found;
}

bool Told::found(const std::string& words) const
{
    for (const auto& event : of(EventKind::Finding))
        if (event.text.find(words) != std::string::npos) return true;
    return false;
}

double Told::value(const Event& event, const std::string& key) const
{
    for (const auto& [name, value] : event.values)
        if (name == key) return value;
    return std::nan("");
}

TinyRun::TinyRun(int rows)
{
    experiment.name = "tiny";
    experiment.model.path = fixture("model/tiny/bert").string();
    experiment.train.push_back(scored("train", rows));
    auto& arguments = experiment.arguments;
    arguments.perDeviceTrainBatchSize = 4;
    arguments.perDeviceEvalBatchSize = 4;
    arguments.learningRate = Number(1e-3);
    arguments.numTrainEpochs = Number(1.0);
    arguments.loggingSteps = Number(1);
    arguments.saveStrategy = SaveStrategy::No;
    arguments.outputDir = out().string();
    request.threads = 1;
    hooks.fileSystem = &disk;
}

DataSpec TinyRun::data(const std::string& name, int rows, int columns,
                       const std::function<std::string(int)>& label, const std::string& labelRole,
                       const std::string& loss)
{
    std::mt19937 random(static_cast<unsigned>(std::hash<std::string>()(name)));
    std::ostringstream text;
    DataSpec spec;
    for (int c = 0; c < columns; ++c) {
        text << (c ? "," : "") << "text" << c;
        spec.columns.emplace_back("text" + std::to_string(c), "text" + std::to_string(c));
    }
    if (!labelRole.empty()) {
        text << "," << labelRole;
        spec.columns.emplace_back(labelRole, labelRole);
    }
    text << "\n";
    for (int row = 0; row < rows; ++row) {
        for (int c = 0; c < columns; ++c) {
            text << (c ? "," : "");
            const auto words = 2 + random() % 7;
            for (unsigned w = 0; w < words; ++w)
                text << (w ? " " : "") << "w" << random() % 91;
        }
        if (!labelRole.empty()) text << "," << label(row);
        text << "\n";
    }
    const auto file = m_folder / (name + ".csv");
    writeFile(file, text.str());
    spec.name = name;
    spec.path = file.string();
    spec.loss = LossSpec{loss, Json::object()};
    return spec;
}

DataSpec TinyRun::scored(const std::string& name, int rows, const std::string& loss)
{
    return data(
        name, rows, 2, [](int row) { return "0." + std::to_string(row * 7 % 10); }, "score", loss);
}

DataSpec TinyRun::pairs(const std::string& name, int rows)
{
    auto spec = data(name, rows, 2, {}, "", "MultipleNegativesRankingLoss");
    // Every third row has the first row's anchor: something to keep out of a batch.
    auto lines = readLines(spec.path);
    const auto anchor = lines[1].substr(0, lines[1].find(','));
    for (std::size_t i = 4; i < lines.size(); i += 3)
        lines[i] = anchor + lines[i].substr(lines[i].find(','));
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    writeFile(spec.path, text);
    return spec;
}

DataSpec TinyRun::labelled(const std::string& name, int rows)
{
    return data(
        name, rows, 1, [](int row) { return std::to_string(row % 4); }, "label", "BatchAllTripletLoss");
}

void TinyRun::addEvaluation(int rows)
{
    auto spec = scored("dev", rows);
    spec.loss.reset();
    experiment.eval.push_back(spec);
    EvaluatorSpec evaluator;
    evaluator.type = "EmbeddingSimilarityEvaluator";
    evaluator.data = "dev";
    experiment.evaluators.push_back(evaluator);
}

TrainOutcome TinyRun::run()
{
    told.events.clear();
    told.steps.clear();
    request.experiment = &experiment;
    request.outputDir = out();
    return trainExperiment(request, told, control, hooks);
}

std::vector<std::int64_t> TinyRun::checkpoints() const
{
    std::vector<std::int64_t> steps;
    if (!fs::exists(out())) return steps;
    for (const auto& entry : fs::directory_iterator(out()))
        if (const auto step = checkpointStep(entry.path().filename().string())) steps.push_back(*step);
    std::sort(steps.begin(), steps.end());
    return steps;
}

std::string comparableState(const fs::path& checkpoint)
{
    auto json = Json::parse(readFile(checkpoint / "trainer_state.json"));
    for (auto& entry : json["log_history"])
        for (const char* key : {"eval_runtime", "eval_samples_per_second", "eval_steps_per_second"})
            entry.erase(key);
    if (json["best_model_checkpoint"].is_string())
        json["best_model_checkpoint"] =
            fs::path(json["best_model_checkpoint"].get<std::string>()).filename().string();
    return json.dump(2);
}

std::string checkpointDifference(const fs::path& a, const fs::path& b)
{
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(a))
        if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), a));
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        // The first names the run; the second is a card for people, with the run's name in it.
        if (file == "manifest.json" || file == "README.md") continue;
        if (!fs::exists(b / file)) return file.string() + " is missing";
        const bool state = file == "trainer_state.json";
        const auto before = state ? comparableState(a) : readFile(a / file);
        const auto after = state ? comparableState(b) : readFile(b / file);
        if (before == after) continue;
        const auto at =
            std::mismatch(before.begin(), before.end(), after.begin(), after.end()).first - before.begin();
        const auto spot = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, at - 80));
        return file.string() + " differs at byte " + std::to_string(at) +
               (file.extension() == ".json"
                    ? ":\n" + before.substr(spot, 160) + "\n---\n" + after.substr(spot, 160)
                    : std::string());
    }
    return {};
}

} // namespace studio::test
