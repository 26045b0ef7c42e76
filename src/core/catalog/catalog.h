#pragma once

#include "core/issue.h"
#include "core/json.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace studio {

/// What a form shows for one option of a loss, an evaluator or an optimizer.
enum class OptionKind {
    Bool,
    Int,
    Float,
    Text,
    Choice,     ///< one of `choices`
    ChoiceList, ///< several of `choices`, each at most once
    IntList,
    FloatList,
    Loss, ///< a nested loss: {"type": …, "options": {…}}
    Model ///< path of a model folder
};

/// One option, named as the argument of the original's constructor.
struct OptionInfo
{
    std::string name;
    OptionKind kind = OptionKind::Text;
    std::string defaultJson; ///< JSON text; empty: the option must be given
    std::string help;
    std::vector<std::string> choices;
    bool nullable = false;
};

/// What a loss wants in the label column.
enum class LabelKind {
    None,     ///< a label column is ignored
    Optional, ///< used when present
    Float,    ///< one number a row
    Binary,   ///< 0 or 1
    Class,    ///< a class number from 0
    Vector,   ///< a list of numbers (a teacher's vector, one or one a column)
    Scores    ///< one number, or a list of numbers, one or so for each candidate
};

/// Input columns (without the label) and label that a loss takes.
struct DataShape
{
    int minColumns = 1;
    int maxColumns = 0; ///< 0: any number
    LabelKind label = LabelKind::None;
    std::vector<std::string> roles; ///< of the columns in order; the last one repeats when maxColumns is 0
};

struct LossInfo
{
    std::string type;    ///< "CosineSimilarityLoss"
    std::string summary; ///< one sentence: for which data, what it does
    DataShape shape;
    std::vector<OptionInfo> options;
    bool cached = false;        ///< embeds in mini-batches (GradCache): memory does not grow with the batch
    bool ownParameters = false; ///< trains weights of its own
};

/// What an evaluator reads.
enum class EvalShape {
    Pairs,        ///< two text columns and a score
    LabelPairs,   ///< two text columns and 0/1
    Triplets,     ///< anchor, positive, negative
    Retrieval,    ///< a folder in BEIR layout (corpus.jsonl, queries.jsonl, qrels/)
    RetrievalSet, ///< a folder with several BEIR folders
    Reranking,    ///< query, list of positives, list of negatives
    Translation,  ///< source and target text
    Teacher,      ///< source and target text, with a teacher model
    Teachers,     ///< one text column per language, with a teacher model
    Paraphrases,  ///< id, text and duplicates
    ClassPairs,   ///< two text columns and a class, for a softmax head
    None          ///< no data of its own
};

struct EvaluatorInfo
{
    std::string type; ///< "EmbeddingSimilarityEvaluator"
    std::string summary;
    EvalShape shape = EvalShape::Pairs;
    std::vector<OptionInfo> options;
};

/// Every loss and every evaluator that the engine knows, in the order in which a form lists them.
const std::vector<LossInfo>& lossCatalog();
const std::vector<EvaluatorInfo>& evaluatorCatalog();

/// Null when there is none of that name.
const LossInfo* findLoss(const std::string& type);
const EvaluatorInfo* findEvaluator(const std::string& type);

/// Unknown options, missing ones, values of a wrong kind: all findings at once. `key` is the path of the
/// options in the experiment ("train[0].loss"), put in front of each key.
std::vector<Issue> checkOptions(const std::vector<OptionInfo>& options, const Json& given,
                                const std::string& owner, const std::string& key);

/// The loss itself, its options, and those of the losses inside it.
std::vector<Issue> checkLoss(const std::string& type, const Json& options, const std::string& key);

/// The default of an option as JSON, null when it has none.
Json optionDefault(const std::vector<OptionInfo>& options, const std::string& name);

} // namespace studio
