#include "core/catalog/catalog.h"

namespace studio {
namespace {

using K = OptionKind;

OptionInfo batchSize(const char* fallback)
{
    return {"batch_size", K::Int, fallback, "Texts embedded at a time. Changes speed, not the result.",
            {},           false};
}

OptionInfo functions()
{
    return {"similarity_fn_names",
            K::ChoiceList,
            "null",
            "Similarity functions to measure with; empty: the model's.",
            {"cosine", "dot", "euclidean", "manhattan"},
            true};
}

OptionInfo mainFunction(const char* name)
{
    return {name,
            K::Choice,
            "null",
            "The function whose metric is the main one; empty: the only one, or the best.",
            {"cosine", "dot", "euclidean", "manhattan"},
            true};
}

OptionInfo truncateDim()
{
    return {"truncate_dim", K::Int, "null", "Cut embeddings to this size; empty: not cut.", {}, true};
}

OptionInfo writeCsv()
{
    return {"write_csv", K::Bool, "true", "Append a row to a CSV file in eval/.", {}, false};
}

OptionInfo progress()
{
    return {"show_progress_bar", K::Bool, "false", "No effect here.", {}, false};
}

OptionInfo list(const char* name, const char* fallback, const char* help)
{
    return {name, K::IntList, fallback, help, {}, false};
}

std::vector<OptionInfo> retrievalOptions()
{
    return {
        list("mrr_at_k", "[10]", "Depths of the mean reciprocal rank."),
        list("ndcg_at_k", "[10]", "Depths of nDCG."),
        list("accuracy_at_k", "[1, 3, 5, 10]", "Depths of accuracy."),
        list("precision_recall_at_k", "[1, 3, 5, 10]", "Depths of precision and recall."),
        list("map_at_k", "[100]", "Depths of mean average precision."),
        {"corpus_chunk_size", K::Int, "50000", "Documents embedded and searched at a time.", {}, false},
        batchSize("32"),
        functions(),
        mainFunction("main_score_function"),
        {"query_prompt", K::Text, "null", "Put in front of queries instead of the model's prompt.", {}, true},
        {"corpus_prompt",
         K::Text,
         "null",
         "Put in front of documents instead of the model's prompt.",
         {},
         true},
        truncateDim(),
        writeCsv(),
        progress()};
}

std::vector<EvaluatorInfo> make()
{
    std::vector<EvaluatorInfo> all;
    all.push_back({"EmbeddingSimilarityEvaluator",
                   "Pairs with a score: correlation between similarity and score.",
                   EvalShape::Pairs,
                   {batchSize("16"),
                    mainFunction("main_similarity"),
                    functions(),
                    {"precision",
                     K::Choice,
                     "null",
                     "Quantise embeddings first; empty: not.",
                     {"float32", "int8", "uint8", "binary", "ubinary"},
                     true},
                    truncateDim(),
                    writeCsv(),
                    progress()}});
    all.push_back({"BinaryClassificationEvaluator",
                   "Pairs with 0 or 1: best accuracy and F1 over thresholds, average precision.",
                   EvalShape::LabelPairs,
                   {batchSize("32"), functions(), truncateDim(), writeCsv(), progress()}});
    all.push_back({"TripletEvaluator",
                   "Triplets: how often the positive is nearer than the negative.",
                   EvalShape::Triplets,
                   {batchSize("16"),
                    mainFunction("main_similarity_function"),
                    functions(),
                    {"margin", K::Float, "null", "How much nearer it must be; empty: 0.", {}, true},
                    truncateDim(),
                    writeCsv(),
                    progress()}});
    all.push_back({"InformationRetrievalEvaluator",
                   "Queries, a corpus and relevance judgements: ranking metrics.", EvalShape::Retrieval,
                   retrievalOptions()});
    all.push_back({"NanoBEIREvaluator", "Several retrieval sets in BEIR layout: their metrics and the mean.",
                   EvalShape::RetrievalSet, retrievalOptions()});
    all.push_back({"RerankingEvaluator",
                   "A query with relevant and other documents: order after ranking.",
                   EvalShape::Reranking,
                   {{"at_k", K::Int, "10", "Depth of MRR and nDCG.", {}, false},
                    batchSize("64"),
                    {"similarity_fct",
                     K::Choice,
                     "\"cos_sim\"",
                     "How query and document are compared.",
                     {"cos_sim", "dot_score", "euclidean_sim", "manhattan_sim"},
                     false},
                    truncateDim(),
                    writeCsv(),
                    progress()}});
    all.push_back({"TranslationEvaluator",
                   "Translated pairs: how often the nearest text is the translation.",
                   EvalShape::Translation,
                   {batchSize("16"), truncateDim(), writeCsv(), progress()}});
    all.push_back({"MSEEvaluator",
                   "Texts against a teacher's vectors: negative mean squared error.",
                   EvalShape::Teacher,
                   {{"teacher_model", K::Model, "", "Folder of the teacher.", {}, false},
                    batchSize("32"),
                    truncateDim(),
                    writeCsv(),
                    progress()}});
    all.push_back({"MSEEvaluatorFromDataFrame",
                   "Texts in several languages against a teacher's vectors.",
                   EvalShape::Teachers,
                   {{"teacher_model", K::Model, "", "Folder of the teacher.", {}, false},
                    {"combinations", K::Text, "", "Pairs of columns, \"en-de, en-es\".", {}, false},
                    batchSize("8"),
                    truncateDim(),
                    writeCsv()}});
    all.push_back(
        {"ParaphraseMiningEvaluator",
         "Texts with known paraphrases: how well all paraphrases are found.",
         EvalShape::Paraphrases,
         {{"add_transitive_closure", K::Bool, "false", "Paraphrases of paraphrases count.", {}, false},
          {"query_chunk_size", K::Int, "5000", "Texts compared at a time.", {}, false},
          {"corpus_chunk_size", K::Int, "100000", "Texts compared against at a time.", {}, false},
          {"max_pairs", K::Int, "500000", "Pairs kept, best first.", {}, false},
          {"top_k", K::Int, "100", "Candidates kept for each text.", {}, false},
          batchSize("16"),
          truncateDim(),
          writeCsv(),
          progress()}});
    all.push_back({"LabelAccuracyEvaluator",
                   "Pairs with a class: accuracy of the softmax loss's classifier.",
                   EvalShape::ClassPairs,
                   {batchSize("32"), writeCsv()}});
    all.push_back({"SequentialEvaluator",
                   "All evaluators of the experiment in turn; the last one's main metric counts.",
                   EvalShape::None,
                   {}});
    return all;
}

} // namespace

const std::vector<EvaluatorInfo>& evaluatorCatalog()
{
    static const std::vector<EvaluatorInfo> all = make();
    return all;
}

} // namespace studio
