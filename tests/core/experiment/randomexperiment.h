#pragma once

#include "core/experiment/experiment.h"

#include <nlohmann/json.hpp>

#include <random>

namespace studio::test {

inline bool same(const LossSpec& a, const LossSpec& b)
{
    return a.type == b.type && a.options == b.options;
}

inline bool same(const DataSpec& a, const DataSpec& b)
{
    return a.name == b.name && a.path == b.path && a.format == b.format && a.columns == b.columns &&
           a.rows == b.rows && a.scoreDivisor == b.scoreDivisor && a.labels == b.labels &&
           a.prompts == b.prompts && a.loss.has_value() == b.loss.has_value() &&
           (!a.loss || same(*a.loss, *b.loss));
}

inline bool same(const EvaluatorSpec& a, const EvaluatorSpec& b)
{
    return a.type == b.type && a.name == b.name && a.data == b.data && a.options == b.options;
}

inline bool same(const ModelSpec& a, const ModelSpec& b)
{
    return a.path == b.path && a.maxSeqLength == b.maxSeqLength && a.pooling == b.pooling &&
           a.similarity == b.similarity && a.truncateDim == b.truncateDim && a.dropout == b.dropout &&
           a.lora == b.lora;
}

template <typename T>
inline bool same(const std::vector<T>& a, const std::vector<T>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const T& x, const T& y) { return same(x, y); });
}

inline bool same(const Experiment& a, const Experiment& b)
{
    return a.name == b.name && a.notes == b.notes && same(a.model, b.model) && same(a.train, b.train) &&
           same(a.eval, b.eval) && same(a.evaluators, b.evaluators) &&
           differingKeys(a.arguments, b.arguments).empty();
}

class Generator
{
public:
    explicit Generator(unsigned seed) : m_random(seed) {}

    bool chance(unsigned percent) { return m_random() % 100 < percent; }
    int number(int below) { return static_cast<int>(m_random() % static_cast<unsigned>(below)); }
    double fraction()
    {
        static const double some[] = {0.1, 1e-05, 5, 3.0, 1.0 / 3, 1e300, 2.5e-308, 123456789.125};
        return some[m_random() % 8];
    }
    std::string text()
    {
        static const char* some[] = {
            "a",           "sentence1",     "mit Leerzeichen", "äöü €", "quote\"back\\slash",
            "line\nbreak", "../data/x.csv", "日本語",          "tab\t", "{not: json}",
            "${cache}/x"};
        return some[m_random() % 11];
    }
    Json object()
    {
        Json value = Json::object();
        for (int i = number(4); i > 0; --i) {
            const std::string key = "k" + std::to_string(number(9));
            switch (number(6)) {
            case 0:
                value[key] = fraction();
                break;
            case 1:
                value[key] = number(1000) - 500;
                break;
            case 2:
                value[key] = text();
                break;
            case 3:
                value[key] = nullptr;
                break;
            case 4:
                value[key] = Json::array({1, "x", false});
                break;
            default:
                value[key] = Json{{"inner", text()}};
                break;
            }
        }
        return value;
    }
    DataSpec data(bool training)
    {
        DataSpec data;
        data.name = text();
        data.path = text();
        if (chance(50)) data.format = "csv";
        for (int i = number(4); i > 0; --i)
            data.columns.emplace_back("role" + std::to_string(i), text());
        if (chance(30)) data.columns.emplace_back("score", text());
        if (chance(30)) data.rows = {number(5), number(1000)};
        if (chance(30)) data.scoreDivisor = fraction();
        for (int i = number(3); i > 0; --i)
            data.labels.push_back(text());
        if (training && chance(80)) data.loss = LossSpec{text(), object()};
        data.prompts = Json::object();
        if (chance(20)) data.prompts = text();
        if (chance(20)) data.prompts = Json{{"query", text()}};
        return data;
    }
    Experiment experiment()
    {
        Experiment e;
        e.name = text();
        if (chance(50)) e.notes = text();
        e.model.path = text();
        if (chance(40)) e.model.maxSeqLength = number(512);
        if (chance(40)) e.model.pooling = "mean";
        if (chance(40)) e.model.similarity = text();
        if (chance(40)) e.model.truncateDim = number(400);
        if (chance(40)) e.model.dropout = fraction();
        if (chance(40)) {
            LoraSpec lora;
            lora.r = number(64) + 1;
            lora.loraAlpha = fraction();
            lora.loraDropout = fraction();
            for (int i = number(3); i > 0; --i)
                lora.targetModules.push_back(text());
            lora.targetsAreText = lora.targetModules.size() == 1 && chance(50);
            lora.bias = text();
            lora.useRslora = chance(50);
            lora.merge = chance(50);
            e.model.lora = lora;
        }
        for (int i = number(3); i > 0; --i)
            e.train.push_back(data(true));
        for (int i = number(3); i > 0; --i)
            e.eval.push_back(data(false));
        for (int i = number(3); i > 0; --i)
            e.evaluators.push_back({text(), text(), text(), object()});
        if (chance(70)) e.arguments.learningRate = Number(fraction());
        if (chance(70)) e.arguments.numTrainEpochs = Number(fraction());
        if (chance(50)) e.arguments.outputDir = text();
        if (chance(50)) e.arguments.seed = number(1000);
        if (chance(50)) e.arguments.bf16 = true;
        if (chance(50)) e.arguments.evalStrategy = IntervalStrategy::Epoch;
        if (chance(50)) e.arguments.metricForBestModel = text();
        return e;
    }

private:
    std::mt19937 m_random;
};

} // namespace studio::test
