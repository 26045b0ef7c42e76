#pragma once

#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
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
};

/// Options of Engine::encode, with the meaning of SentenceTransformer.encode.
struct EncodeOptions
{
    int batchSize = 32;
    bool normalize = false;      ///< divide by the L2 norm after the model's own modules
    bool beforeNormalize = false;  ///< leave out the model's own Normalize modules
    int truncateDim = 0;         ///< 0: all dimensions
    std::string prompt;          ///< put in front of each text
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
};

/// done of total, called on the working thread; return false to stop.
using Progress = std::function<bool(std::int64_t done, std::int64_t total)>;

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

    virtual Result<ModelInfo> inspect(const std::filesystem::path& model) = 0;

    /// "libtorch 2.13.0, MKL, 2 threads, AVX2": for logs and environment.json.
    virtual std::string description() const = 0;
};

/// Loads the engine's library (once; later calls return the same engine). `error` names the library and the
/// reason when it cannot be loaded. The pointer stays valid until the program ends.
Result<Engine*> loadEngine();

/// Replaces what loadEngine() returns, for tests and for the scripted engine. Null restores the real one.
void setEngineForTesting(Engine* engine);

/// Name of the function that the engine's library exports: `extern "C" studio::Engine* studio_make_engine()`.
inline constexpr const char* kMakeEngineSymbol = "studio_make_engine";

} // namespace studio
