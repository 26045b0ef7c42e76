#pragma once

#include "core/engine_api.h"
#include "core/experiment/lora.h"
#include "core/result.h"
#include "engine/model/encoder.h"
#include "engine/model/modelfile.h"
#include "engine/model/packedbatch.h"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace studio {

class ParameterStore;
class Tokenizer;

enum class EncoderChoice {
    Auto, ///< the native one where it can (CPU, fp32, a family it knows), else plain torch operations
    Torch,
    Native, ///< an error when it cannot
};

struct LoadOptions
{
    at::ScalarType dtype = at::kFloat; ///< kFloat, or kDouble for tests
    std::string device = "cpu";        ///< "cpu", "cuda", "cuda:1"
    EncoderChoice encoder = EncoderChoice::Auto;
    std::string pooling;    ///< replaces the folder's pooling ("mean", "cls", …); empty: as stored
    std::string similarity; ///< replaces the folder's similarity function; empty: as stored
    int maxSeqLength = 0;   ///< replaces the folder's; 0: as stored
    int truncateDim = 0;    ///< replaces the folder's; 0: as stored
    bool gradients = true;  ///< false: no gradient buffer, for models that only encode
    bool allowLegacyWeights =
        false; ///< read pytorch_model.bin (own reader, runs nothing) when there is no safetensors
    /// LoRA adapters to train: those of the folder, else new ones. Unset: adapters of the folder are added to
    /// the weights of their base model.
    std::optional<LoraSpec> lora;
    std::uint64_t seed = 42;  ///< of new adapters
    std::string adapterBase;  ///< base model of the folder's adapters; empty: as they name it
};

/// One input column of a step: its texts (row i of the batch is texts[i]) and the prompt put in front of
/// each.
struct TextColumn
{
    std::span<const std::string> texts;
    std::string prompt;
};

/// Precision of the weights in saved files.
enum class SavePrecision { Stored, Float32, Float16, BFloat16 };

struct SaveOptions
{
    /// Stored: each tensor in the dtype it was read in (an untouched model comes out bit-identical). Training
    /// saves Float32, which is what it computes in.
    SavePrecision precision = SavePrecision::Stored;
    std::string modelCard; ///< README.md; empty: a basic card made from the model
    bool mergeAdapters = false; ///< LoRA adapters that are trained: added to the weights instead of beside them
};

/// A sentence-embedding model as sentence-transformers lays it out: tokenizer, encoder, and the modules
/// behind it (pooling, dense, normalize, …). Not thread-safe; one thread at a time.
class SentenceModel
{
public:
    /// Opens a model folder. Errors name the file, the place and what to do: a missing file, broken JSON, an
    /// unsupported architecture, module, activation or tokenizer component, a tensor that is missing or has
    /// another shape. A folder without modules.json is opened as a plain transformer with mean pooling (see
    /// notices()).
    static Result<std::unique_ptr<SentenceModel>> load(const std::filesystem::path& folder,
                                                       const LoadOptions& options = {});
    ~SentenceModel();
    SentenceModel(const SentenceModel&) = delete;
    SentenceModel& operator=(const SentenceModel&) = delete;

    const Tokenizer& tokenizer() const;
    const EncoderConfig& config() const;
    const Encoder& encoder() const;
    const std::filesystem::path& folder() const;
    const LoadOptions& loadOptions() const;
    bool mergedAdapters() const; ///< the folder's LoRA adapters were added to the weights
    bool trainsAdapters() const; ///< LoRA: the encoder's weights stay, its adapters are trained
    ModelInfo info() const;

    int maxSeqLength() const;
    void setMaxSeqLength(int length);   ///< capped at what the architecture can take
    int dimension() const;              ///< of the embeddings that encode() gives (after truncateDim)
    int trainingDimension() const;      ///< of what embed() gives
    int truncateDim() const;            ///< 0: none
    std::string similarityName() const; ///< "cosine", "dot", "euclidean" or "manhattan"
    const std::vector<std::pair<std::string, std::string>>&
    prompts() const;                       ///< name, prompt; from the folder
    std::string defaultPromptName() const; ///< empty: none
    std::optional<std::string> prompt(const std::string& name) const;
    const std::vector<std::string>&
    notices() const; ///< what a person should know about how the folder was read

    /// How pack() makes tokens of texts: whether special tokens are added, whether pooling leaves a prompt's tokens out,
    /// and how many those are.
    bool addsSpecialTokens() const;
    bool skipsPrompts() const;
    int skippedTokens(const std::string& prompt) const;

    /// Tokenises (truncated to maxSeqLength) and packs all columns, column by column.
    PackedBatch pack(std::span<const TextColumn> columns) const;
    PackedBatch pack(std::span<const std::string> texts, const std::string& prompt = {}) const;

    /// Sentence embeddings [sequences, trainingDimension]: encoder, pooling and all further modules. Part of
    /// the autograd graph when gradients are enabled (at::GradMode). Throws c10::Error as torch operations
    /// do.
    at::Tensor embed(const PackedBatch& batch, const ForwardContext& context);

    /// Token states [tokens, hidden] of the encoder alone.
    at::Tensor tokenStates(const PackedBatch& batch, const ForwardContext& context);

    /// The modules behind the encoder applied to token states: embed() is headOf(tokenStates()). For losses
    /// that look at several layers.
    at::Tensor headOf(const at::Tensor& tokenStates, const PackedBatch& batch, const ForwardContext& context);

    /// All parameters with the names that the Python loss sees below its `model` ("0.model.embeddings.…",
    /// "2.linear.weight"), in the order of the Python modules. Entries with trained == false never get a
    /// gradient and must be left alone by optimizers (Python skips them since their grad is None).
    std::vector<NamedTensor> parameters() const;
    ParameterStore& store();
    void zeroGrad();

    /// Sets the dropout probabilities of the encoder (reference runs use 0).
    void setDropout(double hidden, double attention);

    /// As SentenceTransformer.encode, without gradients and dropout: sorted by length, packed, order
    /// restored. Values do not depend on the batch size beyond rounding. Progress returning false ends with
    /// an error.
    Result<Embeddings> encode(std::span<const std::string> texts, const EncodeOptions& options = {},
                              const Progress& progress = {});

    /// Uses the encoder of plain torch operations from now on, also where the native one could be used.
    void useTorchEncoder();
    /// Forward passes run under torch's autocast in this precision (bf16) with the encoder of plain torch
    /// operations; weights, gradients and what embed() and headOf() return stay float32.
    void setAutocast(at::ScalarType type);

    /// The files of the saved model in the layout that every sentence-transformers release reads, for the
    /// durable writer. The writers read the current parameters when they are called; the model must outlive
    /// them.
    Result<std::vector<ModelFile>> files(const SaveOptions& options = {}) const;

private:
    SentenceModel();
    struct Impl;
    friend class SentenceModelLoader;
    std::unique_ptr<Impl> m_impl;
};

} // namespace studio
