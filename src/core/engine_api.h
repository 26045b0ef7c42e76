#pragma once

#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace studio {

class RunControl;
struct Experiment;

/// How a run ended.
enum class RunEnd { Completed, Stopped, Failed };

struct TrainRequest
{
    const Experiment* experiment = nullptr;  ///< stays alive during the call; paths in it are absolute
    std::filesystem::path outputDir;         ///< receives checkpoint-N/, eval/ and final/
    std::filesystem::path runsDir;           ///< the run folder is made in it; empty: <outputDir>/runs
    std::string resumeFrom;                  ///< a checkpoint folder, or empty
    /// With resumeFrom: the run folder to go on in, whose counters (patience, changed settings) are taken over;
    /// empty: a new one is made.
    std::filesystem::path runDir;
    /// Goes on from the newest whole checkpoint in outputDir, in the folder of the run that wrote it. Without a
    /// checkpoint it starts (in the folder of a run that was interrupted before its first one, if there is one).
    bool resume = false;
    /// A full disk pauses the run until RunControl::requestResume() instead of ending it.
    bool pauseOnFullDisk = false;
    int threads = 0;                         ///< 0: as many as cores
    bool lowerPriority = false;              ///< nice 10 for the calling thread and its helpers
};

struct TrainOutcome
{
    RunEnd end = RunEnd::Failed;
    std::filesystem::path finalModel;  ///< empty when nothing was saved
    std::filesystem::path runDir;
    MetricList metrics;                ///< the last evaluation's, in order
    Error error;                       ///< set when end is Failed
    bool paused = false;               ///< Stopped by "pause and free": a resume goes on from the checkpoint
};

/// Options of Engine::encode, with the meaning of SentenceTransformer.encode.
struct EncodeOptions
{
    int batchSize = 32;
    bool normalize = false;      ///< divide by the L2 norm after the model's own modules
    bool beforeNormalize = false;  ///< leave out the model's own Normalize modules
    int truncateDim = 0;         ///< 0: all dimensions
    std::string prompt;          ///< put in front of each text
    /// encodeStream: one of the model's own prompts. With neither, the model's default prompt, if it has one.
    std::string promptName;
    /// What the texts are for ("query", "document"): chooses the route of a model with a Router. encodeStream also takes
    /// the model's prompt of that name, as encode_query and encode_document do.
    std::string task;
    int threads = 0;
};

/// Row-major [rows, dim], float32.
struct Embeddings
{
    std::int64_t rows = 0;
    std::int64_t dim = 0;
    std::vector<float> values;
};

struct ModelInfo
{
    std::string architecture;     ///< "BertModel"
    std::int64_t parameters = 0;  ///< number of trainable values
    int dimension = 0;            ///< of the embeddings
    int maxSeqLength = 0;
    std::string pooling;
    std::string similarity;
    std::vector<std::string> modules;  ///< "Transformer", "Pooling", "Normalize"
    std::vector<std::string> routes;   ///< of a model with a Router; empty: it has none
};

/// done of total, called on the working thread; return false to stop.
using Progress = std::function<bool(std::int64_t done, std::int64_t total)>;

/// Gives the next texts; none at the end.
using TextPieces = std::function<Result<std::vector<std::string>>()>;
/// Takes the embeddings of one piece, in the order of its texts.
using EmbeddingSink = std::function<Status(const std::vector<std::string>& texts, const Embeddings& embeddings)>;

/// A static model distilled from a transformer, as model2vec does it: every token of the vocabulary is embedded alone,
/// the vectors are brought to their principal components and weighted by how rare the token is
/// (sif / (sif + p), p by Zipf's law from the token's rank).
struct StaticDistillation
{
    std::filesystem::path teacher;
    std::filesystem::path output;  ///< must not exist
    int dimensions = 256;          ///< 0: as many as the teacher has, not rotated
    double sif = 1e-4;             ///< 0: not weighted
    int threads = 0;
};

/// A BERT of a given size with random weights, and the tokenizer that it gets.
struct FreshModel
{
    std::string tokenizerJson;     ///< text of a tokenizer.json with [PAD], [UNK], [CLS], [SEP], [MASK]
    std::filesystem::path output;  ///< must not exist
    int layers = 4;
    int hidden = 256;
    int heads = 4;
    int intermediate = 1024;
    int maxLength = 256;           ///< longest input in tokens
    bool lowercase = true;         ///< the tokenizer lowers its texts; written to tokenizer_config.json
    std::uint64_t seed = 42;
};

/// LoRA adapters in the layout of PEFT, to be added to the weights of their base model.
struct AdapterMerge
{
    std::filesystem::path adapters;
    std::filesystem::path base;    ///< empty: as adapter_config.json names it
    std::filesystem::path output;  ///< must not exist
};

/// Two texts that a cross-encoder reads together.
using TextPair = std::pair<std::string, std::string>;

struct ScoreOptions
{
    int batchSize = 32;
    int threads = 0;
};

/// The training engine. It lives in a shared library of its own (torch costs 0.2–0.9 s to load) and is made by
/// loadEngine(). Calls block; each call may come from another thread, but not two at once.
class Engine
{
public:
    virtual ~Engine() = default;

    /// Trains as the experiment says, writing the run folder and calling the observer on the calling thread.
    virtual TrainOutcome train(const TrainRequest& request, RunObserver& observer, RunControl& control) = 0;

    /// Runs the experiment's evaluators on a model folder. Keys are the original's without "eval_".
    virtual Result<MetricList> evaluate(const std::filesystem::path& model, const Experiment& evaluation,
                                        const Progress& progress) = 0;

    virtual Result<Embeddings> encode(const std::filesystem::path& model, const std::vector<std::string>& texts,
                                      const EncodeOptions& options, const Progress& progress) = 0;

    /// encode() for texts that come piece by piece, so that inputs of any size need bounded memory. Progress has total 0.
    virtual Status encodeStream(const std::filesystem::path& model, const TextPieces& next, const EncodeOptions& options,
                                const EmbeddingSink& sink, const Progress& progress) = 0;

    /// Writes a StaticEmbedding model that Python's SentenceTransformer loads.
    virtual Result<ModelInfo> distillStatic(const StaticDistillation& distillation, const Progress& progress) = 0;

    /// Writes a new model folder: BERT and mean pooling.
    virtual Result<ModelInfo> makeModel(const FreshModel& fresh) = 0;

    /// Writes an ordinary model folder.
    virtual Result<ModelInfo> mergeAdapters(const AdapterMerge&) { return notOffered("mergeAdapters"); }

    /// How a cross-encoder (a sequence classifier with one label) rates each pair, as CrossEncoder.predict gives it.
    virtual Result<std::vector<float>> scorePairs(const std::filesystem::path& /*crossEncoder*/,
                                                  const std::vector<TextPair>& /*pairs*/, const ScoreOptions&,
                                                  const Progress&)
    {
        return notOffered("scorePairs");
    }

    virtual Result<ModelInfo> inspect(const std::filesystem::path& model) = 0;

    /// "libtorch 2.13.0, MKL, 2 threads, AVX2": for logs and environment.json.
    virtual std::string description() const = 0;

private:
    /// Stand-ins for the engine need not do everything.
    static Error notOffered(const char* what)
    {
        return {ErrorCode::Unsupported, std::string("This engine has no ") + what + ".", {}};
    }
};

/// Loads the engine's library (once; later calls return the same engine). `error` names the library and the
/// reason when it cannot be loaded. The pointer stays valid until the program ends.
Result<Engine*> loadEngine();

/// Replaces what loadEngine() returns, for tests and for the scripted engine. Null restores the real one.
void setEngineForTesting(Engine* engine);

/// Name of the function that the engine's library exports: `extern "C" studio::Engine* studio_make_engine()`.
inline constexpr const char* kMakeEngineSymbol = "studio_make_engine";

} // namespace studio
