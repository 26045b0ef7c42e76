// Folders that a model is read from: sharded weights, a transformer without modules.json, and broken ones.

#include "engine/model/parameterstore.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"

#include "tinyfolders.h"

#include <ATen/ATen.h>
#include <QTest>
#include <nlohmann/json.hpp>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

class TestModelFolders : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shardedWeights();
    void plainTransformerFolder();
    void hostileFolders_data();
    void hostileFolders();
};

void TestModelFolders::shardedWeights()
{
    test::TempFolder folder;
    copyTiny("bert", folder.path());
    fs::remove(folder / "model.safetensors");
    const auto whole = SafetensorsFile::open(tiny("bert") / "model.safetensors");
    QVERIFY(whole);
    nlohmann::json index = {{"metadata", {{"total_size", 1}}}, {"weight_map", nlohmann::json::object()}};
    std::vector<TensorToWrite> shards[2];
    for (std::size_t i = 0; i < (*whole)->tensors().size(); ++i) {
        const auto& tensor = (*whole)->tensors()[i];
        shards[i % 2].push_back(
            {tensor.name, tensor.type, tensor.shape, [tensor](ByteSink& sink) {
                 return sink.write({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()});
             }});
        index["weight_map"][tensor.name] = "shard-" + std::to_string(i % 2) + ".safetensors";
    }
    for (int n = 0; n < 2; ++n) {
        auto file = safetensorsFile("shard", std::move(shards[n]));
        StringSink sink;
        QVERIFY(file && file->write(sink));
        test::writeFile(folder / ("shard-" + std::to_string(n) + ".safetensors"), sink.text);
    }
    test::writeFile(folder / "model.safetensors.index.json", index.dump());
    const auto model = loaded(folder.path());
    QVERIFY(at::equal(model->store().flatValues(), loaded(tiny("bert"))->store().flatValues()));

    index["weight_map"]["embeddings.LayerNorm.bias"] = "../shard-0.safetensors";
    test::writeFile(folder / "model.safetensors.index.json", index.dump());
    QVERIFY(!SentenceModel::load(folder.path()));
    index["weight_map"]["embeddings.LayerNorm.bias"] = "shard-1.safetensors";
    index["weight_map"]["embeddings.LayerNorm.weight"] = "shard-0.safetensors";
    test::writeFile(folder / "model.safetensors.index.json", index.dump());
    QVERIFY(!SentenceModel::load(folder.path()));
}

void TestModelFolders::plainTransformerFolder()
{
    const auto bert = loaded(tiny("bert"));
    QCOMPARE(bert->info().pooling, std::string("mean"));
    QCOMPARE(bert->notices().size(), std::size_t{1});
    QCOMPARE(bert->maxSeqLength(), 32);
    QCOMPARE(loaded(tiny("qwen3"))->info().pooling, std::string("lasttoken"));
    // 40 rows of positions, two of which RoBERTa does not use.
    LoadOptions options;
    options.maxSeqLength = 1000;
    const auto roberta = SentenceModel::load(tiny("roberta"), options);
    QVERIFY(roberta);
    QCOMPARE((*roberta)->maxSeqLength(), 38);
    options.pooling = "cls+mean";
    const auto both = SentenceModel::load(tiny("bert"), options);
    QVERIFY(both);
    QCOMPARE((*both)->dimension(), 48);
}

void TestModelFolders::hostileFolders_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("contents");
    QTest::addColumn<QString>("says");
    const QString config = QString::fromStdString(test::readFile(tiny("bert") / "config.json"));
    const auto changed = [&](const char* from, const char* to) {
        QString text = config;
        if (!text.contains(from)) qFatal("config.json has no %s", from);
        return text.replace(from, to);
    };
    const auto row = [](const char* name, const char* file, const QString& contents, const char* says) {
        QTest::newRow(name) << QString(file) << contents << QString(says);
    };
    row("broken config", "config.json", "{\"hidden_size\": 24,", "config.json");
    row("config is a list", "config.json", "[1]", "no JSON object");
    row("duplicate key", "config.json",
        changed("\"hidden_size\": 24", "\"hidden_size\": 24, \"hidden_size\": 24"), "twice");
    row("deep config", "config.json", QString("[").repeated(5000) + QString("]").repeated(5000), "deeper");
    row("no model type", "config.json", changed("\"model_type\": \"bert\"", "\"model_type\": null"),
        "model_type");
    row("unknown architecture", "config.json", changed("\"model_type\": \"bert\"", "\"model_type\": \"t5\""),
        "\"t5\"");
    row("unknown activation", "config.json", changed("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"mish\""),
        "mish");
    row("huge hidden size", "config.json",
        changed("\"hidden_size\": 24", "\"hidden_size\": 9000000000000000000"), "hidden_size");
    row("negative layers", "config.json", changed("\"num_hidden_layers\": 2", "\"num_hidden_layers\": -1"),
        "num_hidden_layers");
    row("many layers", "config.json", changed("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000"),
        "missing");
    row("hidden size as text", "config.json", changed("\"hidden_size\": 24", "\"hidden_size\": \"24\""),
        "hidden_size");
    row("other hidden size", "config.json", changed("\"hidden_size\": 24", "\"hidden_size\": 48"), "shape");
    row("zero heads", "config.json", changed("\"num_attention_heads\": 4", "\"num_attention_heads\": 0"),
        "num_attention_heads");
    row("heads do not divide", "config.json",
        changed("\"num_attention_heads\": 4", "\"num_attention_heads\": 5"), "multiple");
    row("relative positions", "config.json",
        changed("\"model_type\": \"bert\"",
                "\"model_type\": \"bert\", \"position_embedding_type\": \"relative_key\""),
        "relative_key");
    row("NaN", "config.json", changed("\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": NaN"), "config.json");
    row("empty modules", "modules.json", "[]", "no list of modules");
    row("module outside the library", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "", "type": "evil.package.Transformer"}])", "custom Python code");
    row("unknown module", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_CNN", "type": "sentence_transformers.models.CNN"}])",
        "CNN");
    row("path out of the folder", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "../other", "type": "sentence_transformers.models.Transformer"}])",
        "path");
    row("absolute path", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "/etc", "type": "sentence_transformers.models.Transformer"}])",
        "path");
    row("no type", "modules.json", R"([{"idx": 0, "name": "0", "path": ""}])", "no type");
    row("pooling first", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])",
        "first module");
    row("no pooling", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])",
        "before pooling");
    row("two names", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "0", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])",
        "two modules");
    row("pooling without config", "modules.json",
        R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])",
        "does not exist");
    row("length is a text", "sentence_bert_config.json", R"({"max_seq_length": "long"})", "max_seq_length");
    row("unknown similarity", "config_sentence_transformers.json", R"({"similarity_fn_name": "jaccard"})",
        "jaccard");
    row("prompt is a number", "config_sentence_transformers.json", R"({"prompts": {"query": 1}})", "prompt");
    row("weights are cut", "model.safetensors", "12345", "no room");
    row("weights are text", "model.safetensors", "version https://git-lfs.github.com/spec/v1", "100,000,000");
}

void TestModelFolders::hostileFolders()
{
    QFETCH(QString, file);
    QFETCH(QString, contents);
    QFETCH(QString, says);
    test::TempFolder folder;
    copyTiny("bert", folder.path());
    test::writeFile(folder / file.toStdString(), contents.toStdString());
    const auto model = SentenceModel::load(folder.path());
    QVERIFY(!model);
    QVERIFY2(model.error().text().find(says.toStdString()) != std::string::npos,
             model.error().text().c_str());
}

QTEST_APPLESS_MAIN(TestModelFolders)
#include "tst_modelfolders.moc"
