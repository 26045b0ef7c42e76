#pragma once

#include <QWidget>

#include <memory>
#include <vector>

class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QTableWidget;
class QTextBrowser;

namespace studio {

class CorpusChooser;
class MapView;
class TwoModels;
struct Embeddings;

/// Cosines of typed sentences, one matrix a model.
class SimilarityTab : public QWidget
{
    Q_OBJECT

public:
    explicit SimilarityTab(TwoModels* models, QWidget* parent = nullptr);

private:
    void compute();
    void fill(QTableWidget* table, const QStringList& texts, const Embeddings* embeddings);

    TwoModels* m_models;
    QPlainTextEdit* m_texts;
    QTableWidget* m_tables[2];
};

/// A query against a file: the right model's ranking with what moved against the left one.
class SearchTab : public QWidget
{
    Q_OBJECT

public:
    explicit SearchTab(TwoModels* models, QWidget* parent = nullptr);
    CorpusChooser* corpus() const { return m_corpus; }

private:
    void search();
    void embedCorpus();

    TwoModels* m_models;
    CorpusChooser* m_corpus;
    QLineEdit* m_query;
    QTableWidget* m_hits;
    QLabel* m_summary;
    std::shared_ptr<const Embeddings> m_left, m_right; ///< of the corpus
};

/// A text as each model's tokenizer cuts it.
class TokensTab : public QWidget
{
    Q_OBJECT

public:
    explicit TokensTab(TwoModels* models, QWidget* parent = nullptr);

private:
    void show();

    TwoModels* m_models;
    QLineEdit* m_text;
    QTextBrowser* m_pieces;
};

/// A file of texts on the plane of the first two principal components, one map a model.
class MapTab : public QWidget
{
    Q_OBJECT

public:
    explicit MapTab(TwoModels* models, QWidget* parent = nullptr);
    CorpusChooser* corpus() const { return m_corpus; }
    MapView* map(int side) const { return m_maps[side]; }

private:
    void draw();
    void listChosen(int side);

    TwoModels* m_models;
    CorpusChooser* m_corpus;
    MapView* m_maps[2];
    QLabel* m_captions[2];
    QListWidget* m_list;
    bool m_mirroring = false;
};

/// Nearest neighbours kept against the size of an index.
class StorageTab : public QWidget
{
    Q_OBJECT

public:
    explicit StorageTab(TwoModels* models, QWidget* parent = nullptr);
    CorpusChooser* corpus() const { return m_corpus; }

private:
    void measure();

    TwoModels* m_models;
    CorpusChooser* m_corpus;
    QTableWidget* m_table;
};

} // namespace studio
