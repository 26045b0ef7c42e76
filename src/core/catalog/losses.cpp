#include "core/catalog/catalog.h"

namespace studio {
namespace {

using K = OptionKind;

OptionInfo number(const char* name, const char* fallback, const char* help)
{
    return {name, K::Float, fallback, help, {}, false};
}

OptionInfo integer(const char* name, const char* fallback, const char* help, bool nullable = false)
{
    return {name, K::Int, fallback, help, {}, nullable};
}

OptionInfo flag(const char* name, const char* fallback, const char* help)
{
    return {name, K::Bool, fallback, help, {}, false};
}

OptionInfo choice(const char* name, const char* fallback, std::vector<std::string> choices, const char* help,
                  bool nullable = false)
{
    return {name, K::Choice, fallback, help, std::move(choices), nullable};
}

OptionInfo matrixSimilarity()
{
    return choice("similarity_fct", "\"cos_sim\"", {"cos_sim", "dot_score", "euclidean_sim", "manhattan_sim"},
                  "How two vectors are compared.");
}

OptionInfo pairSimilarity(const char* fallback)
{
    return choice("similarity_fct", fallback,
                  {"pairwise_cos_sim", "pairwise_dot_score", "pairwise_euclidean_sim",
                   "pairwise_manhattan_sim", "pairwise_angle_sim"},
                  "How the two vectors of a pair are compared.");
}

OptionInfo batchDistance()
{
    return choice("distance_metric", "\"euclidean_distance\"", {"euclidean_distance", "cosine_distance"},
                  "Distance between two vectors of the batch.");
}

OptionInfo siameseDistance()
{
    return choice("distance_metric", "\"COSINE_DISTANCE\"", {"COSINE_DISTANCE", "EUCLIDEAN", "MANHATTAN"},
                  "Distance between the two vectors of a pair.");
}

std::vector<OptionInfo> rankingOptions()
{
    return {
        number("scale", "20.0",
               "Multiplies the similarities before the softmax; the inverse of a temperature."),
        matrixSimilarity(),
        flag("gather_across_devices", "false", "Use the rows of all processes as negatives."),
        {"directions",
         K::ChoiceList,
         "[\"query_to_doc\"]",
         "Which similarities compete in the softmax; query_to_doc must be among them.",
         {"query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc"},
         false},
        choice("partition_mode", "\"joint\"", {"joint", "per_direction"},
               "One softmax over all directions, or the mean of one softmax each."),
        choice("hardness_mode", "null", {"in_batch_negatives", "hard_negatives", "all_negatives"},
               "Which negatives weigh more the closer they are; empty: none.", true),
        number("hardness_strength", "0.0", "How much more hard negatives weigh; 0 switches this off."),
    };
}

std::vector<OptionInfo> symmetricOptions()
{
    return {number("scale", "20.0", "Multiplies the similarities before the softmax."), matrixSimilarity(),
            flag("gather_across_devices", "false", "Use the rows of all processes as negatives.")};
}

OptionInfo miniBatchSize(const char* fallback)
{
    return integer("mini_batch_size", fallback,
                   "Rows embedded at a time. Changes memory and speed, not the result.");
}

OptionInfo miniBatchTokens()
{
    return integer("mini_batch_num_tokens", "null",
                   "Cut mini-batches by their number of tokens instead of rows; empty: by rows.", true);
}

std::vector<OptionInfo> guidedOptions()
{
    return {
        {"guide", K::Model, "", "Model folder of the guide that tells false negatives.", {}, false},
        number("temperature", "0.01", "Divides the similarities before the softmax."),
        choice("margin_strategy", "\"absolute\"", {"absolute", "relative"},
               "How the margin lowers the threshold for a false negative."),
        number("margin", "0.0",
               "A candidate counts as false negative above the positive's similarity less this."),
        flag("contrast_anchors", "true", "Also use other anchors as negatives."),
        flag("contrast_positives", "true", "Also contrast positives with each other."),
        flag("gather_across_devices", "false", "Use the rows of all processes as negatives."),
    };
}

OptionInfo innerLoss()
{
    return {"loss", K::Loss, "", "The loss that is applied at each size or layer.", {}, false};
}

std::vector<OptionInfo> matryoshkaOptions(const char* dimsPerStep)
{
    return {innerLoss(),
            {"matryoshka_dims", K::IntList, "", "Sizes to which embeddings are cut.", {}, false},
            {"matryoshka_weights", K::FloatList, "null", "Weight of each size; empty: 1 each.", {}, true},
            integer("n_dims_per_step", dimsPerStep, "Sizes used per step, drawn at random; -1: all.")};
}

std::vector<OptionInfo> layerOptions()
{
    return {integer("n_layers_per_step", "1", "Earlier layers used per step, drawn at random; -1: all."),
            number("last_layer_weight", "1.0", "Weight of the last layer's loss."),
            number("prior_layers_weight", "1.0", "Weight of the earlier layers' losses."),
            number("kl_div_weight", "1.0", "Weight of the divergence between earlier layers and the last."),
            number("kl_temperature", "0.3", "Temperature of that divergence; 0 leaves it out."),
            choice("layer_weighting", "\"uniform\"", {"uniform", "log", "linear"},
                   "How much less an earlier layer weighs.")};
}

std::vector<OptionInfo> joined(std::vector<OptionInfo> first, std::vector<OptionInfo> second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

DataShape pairWith(LabelKind label)
{
    return {2, 2, label, {"sentence1", "sentence2"}};
}

const DataShape kRanking{2, 0, LabelKind::None, {"anchor", "positive", "negative"}};
const DataShape kTriplet{3, 3, LabelKind::None, {"anchor", "positive", "negative"}};
const DataShape kClassified{1, 1, LabelKind::Class, {"sentence"}};
const DataShape kScored{3, 0, LabelKind::Scores, {"anchor", "positive", "negative"}};
const DataShape kAny{1, 0, LabelKind::Optional, {"sentence"}};

std::vector<LossInfo> make()
{
    std::vector<LossInfo> all;
    auto add = [&](const char* type, const char* summary, DataShape shape, std::vector<OptionInfo> options,
                   bool cached = false, bool own = false) {
        all.push_back({type, summary, std::move(shape), std::move(options), cached, own});
    };

    add("CoSENTLoss", "Pairs with a score: orders pairs by similarity as their scores order them.",
        pairWith(LabelKind::Float),
        {number("scale", "20.0", "Multiplies the similarities."), pairSimilarity("\"pairwise_cos_sim\"")});
    add("CosineSimilarityLoss", "Pairs with a score: brings the cosine similarity near the score.",
        pairWith(LabelKind::Float),
        {choice("loss_fct", "\"MSELoss\"", {"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"},
                "How the difference between similarity and score counts."),
         choice("cos_score_transformation", "\"Identity\"", {"Identity", "Sigmoid", "Tanh", "ReLU"},
                "Applied to the similarity before it is compared.")});
    add("AnglELoss", "Pairs with a score: as CoSENT with the angle in complex space.",
        {2, 0, LabelKind::Optional, {"sentence1", "sentence2", "negative"}},
        {number("scale", "20.0", "Multiplies the similarities.")});
    add("MultipleNegativesRankingLoss",
        "Anchors with positives, and negatives if there are: the other rows of the batch are negatives.",
        kRanking, rankingOptions());
    add("CachedMultipleNegativesRankingLoss",
        "The same with mini-batches: large batches in little memory, somewhat slower.", kRanking,
        joined(rankingOptions(), {miniBatchSize("32"), miniBatchTokens(),
                                  flag("show_progress_bar", "false", "No effect here.")}),
        true);
    add("MultipleNegativesSymmetricRankingLoss",
        "As MultipleNegativesRankingLoss, in both directions: anchor to positive and back.", kRanking,
        symmetricOptions());
    add("CachedMultipleNegativesSymmetricRankingLoss", "The same with mini-batches.", kRanking,
        joined(symmetricOptions(), {miniBatchSize("32"), miniBatchTokens(),
                                    flag("show_progress_bar", "false", "No effect here.")}),
        true);
    add("GISTEmbedLoss", "Anchors with positives: a guide model leaves out false negatives.",
        {2, 3, LabelKind::None, {"anchor", "positive", "negative"}}, guidedOptions());
    add("CachedGISTEmbedLoss", "The same with mini-batches and any number of negatives.", kRanking,
        joined(guidedOptions(), {miniBatchSize("32"), miniBatchTokens(),
                                 flag("show_progress_bar", "false", "No effect here.")}),
        true);
    add("TripletLoss", "Triplets: the positive must be nearer than the negative by a margin.", kTriplet,
        {choice("distance_metric", "\"EUCLIDEAN\"", {"EUCLIDEAN", "COSINE", "MANHATTAN"},
                "Distance of two vectors."),
         number("triplet_margin", "5", "How much nearer the positive must be.")});
    add("ContrastiveLoss", "Pairs with 0 or 1: draws similar pairs together, pushes others beyond a margin.",
        pairWith(LabelKind::Float),
        {siameseDistance(), number("margin", "0.5", "Distance beyond which dissimilar pairs count no more."),
         flag("size_average", "true", "Mean over the batch instead of the sum.")});
    add("OnlineContrastiveLoss", "Pairs with 0 or 1: only the hard pairs of each batch count.",
        pairWith(LabelKind::Float),
        {siameseDistance(),
         number("margin", "0.5", "Distance beyond which dissimilar pairs count no more.")});
    add("BatchAllTripletLoss", "Texts with a class: all valid triplets of the batch.", kClassified,
        {batchDistance(), number("margin", "5", "How much nearer the positive must be.")});
    add("BatchHardTripletLoss", "Texts with a class: hardest positive and negative of each text.",
        kClassified, {batchDistance(), number("margin", "5", "How much nearer the positive must be.")});
    add("BatchHardSoftMarginTripletLoss", "The same without a margin to choose.", kClassified,
        {batchDistance()});
    add("BatchSemiHardTripletLoss", "Texts with a class: negatives farther than the positive, but near.",
        kClassified, {batchDistance(), number("margin", "5", "How much nearer the positive must be.")});
    add("SoftmaxLoss", "Pairs with a class: a classifier on both vectors is trained along.",
        pairWith(LabelKind::Class),
        {integer("num_labels", "", "Number of classes."),
         integer("embedding_dimension", "null", "Size of the embeddings; empty: the model's.", true),
         flag("concatenation_sent_rep", "true", "The classifier sees both vectors."),
         flag("concatenation_sent_difference", "true", "It sees their absolute difference."),
         flag("concatenation_sent_multiplication", "false", "It sees their product.")},
        false, true);
    add("MSELoss", "Texts with a teacher's vector: the same vector for each text of the row.",
        {1, 0, LabelKind::Vector, {"sentence"}},
        {integer("projection_dim", "null",
                 "Size of the teacher's vectors when it differs: trains a projection.", true)},
        false, true);
    add("EmbedDistillLoss", "Texts with a teacher's vectors: follows the teacher by a chosen distance.",
        {1, 0, LabelKind::Vector, {"sentence"}},
        {choice("distance_metric", "\"cosine\"", {"mse", "l2", "cosine"},
                "Distance to the teacher's vector."),
         integer("projection_dim", "null",
                 "Size of the teacher's vectors when it differs: trains a projection.", true)},
        false, true);
    add("MarginMSELoss",
        "Query, positive and negatives with a teacher's scores: follows the score differences.", kScored,
        {pairSimilarity("\"pairwise_dot_score\"")});
    add("DistillKLDivLoss", "Query and candidates with a teacher's scores: follows their distribution.",
        kScored,
        {pairSimilarity("\"pairwise_dot_score\""),
         number("temperature", "1.0", "Divides the scores."),
         {"student_temperature", K::Float, "null", "Of the student's scores; empty: temperature.", {}, true},
         {"teacher_temperature",
          K::Float,
          "null",
          "Of the teacher's scores; empty: temperature.",
          {},
          true}});
    add("MegaBatchMarginLoss", "Anchors with positives: the hardest of a large batch as negative.",
        {2, 2, LabelKind::None, {"anchor", "positive"}},
        {number("positive_margin", "0.8", "Similarity that positives should reach."),
         number("negative_margin", "0.3", "Similarity that negatives should stay below."),
         flag("use_mini_batched_version", "true", "Embed in mini-batches."), miniBatchSize("50"),
         miniBatchTokens(), flag("show_progress_bar", "false", "No effect here.")},
        true);
    add("ContrastiveTensionLoss",
        "Pairs that are the same text or not: two copies of the model learn to agree.",
        pairWith(LabelKind::Optional), {}, false, true);
    add("ContrastiveTensionLossInBatchNegatives",
        "Texts alone: two copies of the model, the batch as negatives.",
        {1, 1, LabelKind::None, {"sentence"}},
        {number("scale", "20.0", "Start value of the learned scale."), matrixSimilarity()}, false, true);
    add("DenoisingAutoEncoderLoss", "Damaged and original text: a decoder rebuilds the text from its vector.",
        {2, 2, LabelKind::None, {"damaged", "original"}},
        {{"decoder_name_or_path",
          K::Model,
          "null",
          "Folder of the decoder's start weights; empty: the model's.",
          {},
          true},
         flag("tie_encoder_decoder", "true", "Decoder and encoder share their weights.")},
        false, true);
    add("MatryoshkaLoss", "Around another loss: embeddings stay good when cut to smaller sizes.", kAny,
        matryoshkaOptions("-1"));
    add("AdaptiveLayerLoss", "Around another loss: earlier layers give good embeddings, too.", kAny,
        joined({innerLoss()}, layerOptions()));
    add("Matryoshka2dLoss", "Around another loss: smaller sizes and earlier layers at once.", kAny,
        joined(matryoshkaOptions("1"), layerOptions()));
    add("GlobalOrthogonalRegularizationLoss",
        "Spreads the embeddings over the sphere; meant beside another loss.",
        {1, 0, LabelKind::None, {"sentence"}},
        {matrixSimilarity(),
         {"mean_weight",
          K::Float,
          "1.0",
          "Weight of the squared mean similarity; empty: left out.",
          {},
          true},
         {"second_moment_weight",
          K::Float,
          "1.0",
          "Weight of the second moment's excess; empty: left out.",
          {},
          true},
         choice("aggregation", "\"mean\"", {"mean", "sum"}, "How columns are put together.")});
    return all;
}

} // namespace

const std::vector<LossInfo>& lossCatalog()
{
    static const std::vector<LossInfo> all = make();
    return all;
}

} // namespace studio
