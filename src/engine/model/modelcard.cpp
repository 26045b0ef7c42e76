#include "engine/model/modelcard.h"

#include "engine/model/sentencemodel_p.h"

namespace studio {

namespace {

std::string similarityTitle(const std::string& name)
{
    if (name == "dot") return "Dot Product";
    if (name == "euclidean") return "Euclidean Distance";
    if (name == "manhattan") return "Manhattan Distance";
    return "Cosine Similarity";
}

} // namespace

std::string architectureText(const SentenceModel& model)
{
    const auto info = model.info();
    std::string text = "SentenceTransformer(\n";
    for (std::size_t i = 0; i < info.modules.size(); ++i) {
        text += "  (" + std::to_string(i) + "): " + info.modules[i] + "(";
        if (info.modules[i] == "Transformer")
            text += "{'max_seq_length': " + std::to_string(info.maxSeqLength) + ", 'architecture': '" +
                    info.architecture + "'}";
        if (info.modules[i] == "Pooling")
            text += "{'embedding_dimension': " + std::to_string(model.config().hiddenSize) +
                    ", 'pooling_mode': '" + info.pooling + "'}";
        text += ")\n";
    }
    return text + ")\n";
}

std::string modelCardBody(const SentenceModel& model)
{
    const auto dimension = std::to_string(model.dimension());
    return "It maps sentences and paragraphs to a " + dimension +
           "-dimensional dense vector space.\n\n## Model Details\n\n"
           "- **Model Type:** Sentence Transformer\n"
           "- **Maximum Sequence Length:** " +
           std::to_string(model.maxSeqLength()) +
           " tokens\n"
           "- **Output Dimensionality:** " +
           dimension +
           " dimensions\n"
           "- **Similarity Function:** " +
           similarityTitle(model.similarityName()) +
           "\n\n"
           "### Full Model Architecture\n\n```\n" +
           architectureText(model) +
           "```\n\n"
           "## Usage\n\n```python\n"
           "from sentence_transformers import SentenceTransformer\n\n"
           "model = SentenceTransformer(\"path/to/this/folder\")\n"
           "embeddings = model.encode([\"The weather is lovely today.\", \"It's so sunny outside!\"])\n"
           "print(model.similarity(embeddings, embeddings))\n```\n";
}

std::string basicModelCard(const SentenceModel& model)
{
    return "---\n"
           "tags:\n"
           "- sentence-transformers\n"
           "- sentence-similarity\n"
           "- feature-extraction\n"
           "- dense\n"
           "pipeline_tag: sentence-similarity\n"
           "library_name: sentence-transformers\n"
           "---\n\n"
           "# SentenceTransformer\n\n"
           "This is a [sentence-transformers](https://www.SBERT.net) model.\n\n" +
           modelCardBody(model);
}

} // namespace studio
