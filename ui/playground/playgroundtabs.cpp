#include "ui/playground/playgroundtabs.h"

#include "core/embeddings/neighbours.h"
#include "text/tokenizer.h"
#include "ui/playground/corpus.h"
#include "ui/playground/mapview.h"
#include "ui/playground/twomodels.h"

#include <QCoreApplication>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSplitter>
#include <QTableWidget>
#include <QTextBrowser>
#include <QThreadPool>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {
namespace {

constexpr int kMostSentences = 30;
constexpr std::size_t kHits = 10;

QTableWidget* makeTable(const QString& objectName, const QString& name, QWidget* parent)
{
    auto* table = new QTableWidget(parent);
    table->setObjectName(objectName);
    table->setAccessibleName(name);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 8);
    return table;
}

std::span<const float> rowOf(const Embeddings& all, std::int64_t row)
{
    return std::span(all.values).subspan(static_cast<std::size_t>(row * all.dim), static_cast<std::size_t>(all.dim));
}

QString decimals(double value, int count)
{
    return QLocale().toString(value, 'f', count);
}

} // namespace

// ---- Similarity

SimilarityTab::SimilarityTab(TwoModels* models, QWidget* parent)
    : QWidget(parent), m_models(models), m_texts(new QPlainTextEdit(this))
{
    m_texts->setObjectName(QStringLiteral("sentences"));
    m_texts->setAccessibleName(tr("Sentences, one a line"));
    m_texts->setTabChangesFocus(true);
    m_texts->setPlainText(tr("A man is playing a guitar.\nSomeone plays an instrument.\nThe stock market fell today."));
    m_texts->setFixedHeight(fontMetrics().height() * 7);
    auto* button = new QPushButton(tr("Compare Sentences"), this);
    button->setObjectName(QStringLiteral("compareSentences"));
    auto* tables = new QSplitter(this);
    for (int side = 0; side < 2; ++side) {
        m_tables[side] = makeTable(QStringLiteral("similarity%1").arg(side),
                                   side == 0 ? tr("Similarities of the left model") : tr("Similarities of the right model"),
                                   tables);
        tables->addWidget(m_tables[side]);
    }
    auto* column = new QVBoxLayout(this);
    column->addWidget(new QLabel(tr("Sentences, one a line (at most %1):").arg(kMostSentences), this));
    column->addWidget(m_texts);
    column->addWidget(button, 0, Qt::AlignLeft);
    column->addWidget(tables, 1);
    connect(button, &QPushButton::clicked, this, &SimilarityTab::compute);
}

void SimilarityTab::compute()
{
    QStringList lines;
    std::vector<std::string> texts;
    for (const QString& line : m_texts->toPlainText().split(u'\n', Qt::SkipEmptyParts)) {
        if (lines.size() == kMostSentences) break;
        lines << line;
        texts.push_back(line.toStdString());
    }
    m_models->embed(this, std::move(texts), [this, lines](const auto& left, const auto& right) {
        fill(m_tables[0], lines, left.get());
        fill(m_tables[1], lines, right.get());
    });
}

void SimilarityTab::fill(QTableWidget* table, const QStringList& texts, const Embeddings* embeddings)
{
    table->clear();
    const int count = embeddings ? static_cast<int>(texts.size()) : 0;
    table->setRowCount(count);
    table->setColumnCount(count);
    for (int row = 0; row < count; ++row) {
        table->setHorizontalHeaderItem(row, new QTableWidgetItem(QString::number(row + 1)));
        table->setVerticalHeaderItem(row, new QTableWidgetItem(QStringLiteral("%1  %2").arg(row + 1).arg(texts[row].left(24))));
        for (int column = 0; column < count; ++column) {
            const auto a = rowOf(*embeddings, row), b = rowOf(*embeddings, column);
            double cosine = 0;
            for (std::size_t i = 0; i < a.size(); ++i)
                cosine += static_cast<double>(a[i]) * static_cast<double>(b[i]);
            auto* item = new QTableWidgetItem(decimals(cosine, 3));
            item->setTextAlignment(Qt::AlignCenter);
            item->setToolTip(texts[row] + u'\n' + texts[column]);
            QColor colour = palette().color(QPalette::Highlight);
            colour.setAlphaF(static_cast<float>(std::clamp(cosine, 0.0, 1.0) * 0.55));
            item->setBackground(colour);
            table->setItem(row, column, item);
        }
    }
    table->resizeColumnsToContents();
}

// ---- Search

SearchTab::SearchTab(TwoModels* models, QWidget* parent)
    : QWidget(parent), m_models(models), m_corpus(new CorpusChooser(false, this)), m_query(new QLineEdit(this)),
      m_hits(makeTable(QStringLiteral("hits"), tr("What the query finds"), this)), m_summary(new QLabel(this))
{
    m_query->setObjectName(QStringLiteral("query"));
    m_query->setPlaceholderText(tr("What to search for"));
    m_query->setAccessibleName(tr("Query"));
    m_summary->setWordWrap(true);
    m_hits->setSelectionBehavior(QAbstractItemView::SelectRows);
    auto* column = new QVBoxLayout(this);
    column->addWidget(m_corpus);
    column->addWidget(m_query);
    column->addWidget(m_summary);
    column->addWidget(m_hits, 1);
    connect(m_query, &QLineEdit::returnPressed, this, &SearchTab::search);
    connect(m_corpus, &CorpusChooser::changed, this, [this] {
        m_left = m_right = nullptr;
        search();
    });
    connect(models, &TwoModels::modelsChanged, this, [this] { m_left = m_right = nullptr; });
}

void SearchTab::embedCorpus()
{
    m_models->embed(m_corpus, m_corpus->texts(), [this](const auto& left, const auto& right) {
        m_left = left;
        m_right = right;
        search();
    });
}

void SearchTab::search()
{
    const std::string query = m_query->text().toStdString();
    if (query.empty() || m_corpus->texts().empty()) return;
    if (!m_left) return embedCorpus();
    m_models->embed(this, {query}, [this](const auto& left, const auto& right) {
        if (!m_left) return; // the file or the models changed meanwhile
        const auto before = nearestRows(rowOf(*left, 0), m_left->values, kHits);
        const auto now = right && m_right ? nearestRows(rowOf(*right, 0), m_right->values, kHits) : before;
        const auto hits = movedHits(before, now);
        m_hits->clear();
        m_hits->setColumnCount(4);
        m_hits->setHorizontalHeaderLabels({tr("Rank"), tr("Moved"), tr("Cosine"), tr("Text")});
        m_hits->verticalHeader()->hide();
        m_hits->setRowCount(static_cast<int>(hits.size()));
        int fresh = 0;
        for (int row = 0; row < m_hits->rowCount(); ++row) {
            const MovedHit& hit = hits[static_cast<std::size_t>(row)];
            QString moved = QStringLiteral("=");
            if (hit.before == 0) moved = tr("new");
            else if (hit.before > hit.rank) moved = QStringLiteral("▲ %1").arg(hit.before - hit.rank);
            else if (hit.before < hit.rank) moved = QStringLiteral("▼ %1").arg(hit.rank - hit.before);
            fresh += hit.before == 0;
            const QStringList cells{QString::number(hit.rank), moved, decimals(hit.similarity, 3),
                                    QString::fromStdString(m_corpus->texts()[static_cast<std::size_t>(hit.row)])};
            for (int i = 0; i < cells.size(); ++i)
                m_hits->setItem(row, i, new QTableWidgetItem(cells[i]));
        }
        m_hits->resizeColumnsToContents();
        m_hits->horizontalHeader()->setStretchLastSection(true);
        QStringList gone;
        for (const MovedHit& hit : movedHits(now, before))
            if (hit.before == 0) gone << QString::fromStdString(m_corpus->texts()[static_cast<std::size_t>(hit.row)]);
        m_summary->setText(tr("%1 of %2 hits are new in the right model.%3")
                               .arg(fresh)
                               .arg(hits.size())
                               .arg(gone.isEmpty() ? QString() : tr(" No longer among them: %1").arg(gone.mid(0, 3).join(tr("; ")))));
    });
}

// ---- Tokens

TokensTab::TokensTab(TwoModels* models, QWidget* parent)
    : QWidget(parent), m_models(models), m_text(new QLineEdit(this)), m_pieces(new QTextBrowser(this))
{
    m_text->setObjectName(QStringLiteral("tokenText"));
    m_text->setAccessibleName(tr("Text to cut into tokens"));
    m_text->setText(tr("Unbelievably, the tokenizer splits words."));
    m_pieces->setObjectName(QStringLiteral("pieces"));
    m_pieces->setAccessibleName(tr("Tokens of both models"));
    auto* column = new QVBoxLayout(this);
    column->addWidget(m_text);
    column->addWidget(m_pieces, 1);
    connect(m_text, &QLineEdit::textChanged, this, &TokensTab::show);
    connect(models, &TwoModels::modelsChanged, this, &TokensTab::show);
}

void TokensTab::show()
{
    QString html;
    for (const QString& folder : {m_models->left(), m_models->right()}) {
        if (folder.isEmpty()) continue;
        html += QStringLiteral("<p><b>%1</b></p>").arg(folder.section(u'/', -1).toHtmlEscaped());
        const auto tokenizer = Tokenizer::load(folder.toStdString());
        if (!tokenizer) {
            html += QStringLiteral("<p>%1</p>").arg(QString::fromStdString(tokenizer.error().text()).toHtmlEscaped());
            continue;
        }
        const Encoding encoding = (*tokenizer)->encodeDetailed(m_text->text().toStdString());
        html += QStringLiteral("<p>");
        for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
            const QString shade = encoding.specialMask[i] ? palette().color(QPalette::Mid).name()
                                  : i % 2                  ? palette().color(QPalette::AlternateBase).name()
                                                           : palette().color(QPalette::Button).name();
            html += QStringLiteral("<span style='background-color:%1'>&nbsp;%2&nbsp;<sub>%3</sub></span> ")
                        .arg(shade, QString::fromStdString(encoding.tokens[i]).toHtmlEscaped())
                        .arg(encoding.ids[i]);
        }
        html += tr("</p><p>%1 tokens, of them %2 added by the model.</p>")
                    .arg(encoding.ids.size())
                    .arg(std::count(encoding.specialMask.begin(), encoding.specialMask.end(), 1));
    }
    m_pieces->setHtml(html);
}

// ---- Map

MapTab::MapTab(TwoModels* models, QWidget* parent)
    : QWidget(parent), m_models(models), m_corpus(new CorpusChooser(true, this)), m_list(new QListWidget(this))
{
    auto* grid = new QGridLayout(this);
    grid->addWidget(m_corpus, 0, 0, 1, 3);
    for (int side = 0; side < 2; ++side) {
        m_captions[side] = new QLabel(this);
        m_captions[side]->setWordWrap(true);
        m_maps[side] = new MapView(this);
        m_maps[side]->setObjectName(QStringLiteral("map%1").arg(side));
        m_maps[side]->setAccessibleName(side == 0 ? tr("Map of the left model") : tr("Map of the right model"));
        grid->addWidget(m_captions[side], 1, side);
        grid->addWidget(m_maps[side], 2, side);
        grid->setColumnStretch(side, 2);
        connect(m_maps[side], &MapView::chosenChanged, this, [this, side] { listChosen(side); });
    }
    m_list->setObjectName(QStringLiteral("chosenTexts"));
    m_list->setAccessibleName(tr("Texts that are circled"));
    m_list->setWordWrap(true);
    grid->addWidget(new QLabel(tr("Circle points to list them."), this), 1, 2);
    grid->addWidget(m_list, 2, 2);
    grid->setColumnStretch(2, 1);
    grid->setRowStretch(2, 1);
    connect(m_corpus, &CorpusChooser::changed, this, &MapTab::draw);
    connect(models, &TwoModels::modelsChanged, this, [this] {
        if (isVisible()) draw();
    });
}

void MapTab::draw()
{
    m_models->embed(this, m_corpus->texts(), [this](const auto& left, const auto& right) {
        // The components of some thousand long vectors take a while: not on the window's thread.
        for (int side = 0; side < 2; ++side) {
            const auto vectors = side == 0 ? left : right;
            if (!vectors) {
                m_maps[side]->setPoints({}, {}, {});
                m_captions[side]->clear();
                continue;
            }
            QPointer<MapTab> self(this);
            QThreadPool::globalInstance()->start([self, vectors, side, labels = m_corpus->labels()] {
                auto plane = std::make_shared<PrincipalPlane>(
                    principalPlane(vectors->values, static_cast<std::size_t>(vectors->dim)));
                QMetaObject::invokeMethod(qApp, [self, plane, side, labels] {
                    if (!self) return;
                    self->m_maps[side]->setPoints(plane->x, plane->y, labels);
                    self->m_captions[side]->setText(
                        tr("%1 model: the two directions hold %2 % of the variance.")
                            .arg(side == 0 ? tr("Left") : tr("Right"), decimals(100 * (plane->shareX + plane->shareY), 1)));
                });
            });
        }
    });
}

void MapTab::listChosen(int side)
{
    if (m_mirroring) return;
    // The same texts stand out in the other map.
    m_mirroring = true;
    const auto& rows = m_maps[side]->chosen();
    if (m_maps[1 - side]->count() == m_maps[side]->count()) m_maps[1 - side]->setChosen(rows);
    m_mirroring = false;
    m_list->clear();
    constexpr std::size_t kMostListed = 500;
    for (std::size_t i = 0; i < std::min(rows.size(), kMostListed); ++i)
        m_list->addItem(QString::fromStdString(m_corpus->texts()[static_cast<std::size_t>(rows[i])]));
    if (rows.size() > kMostListed) m_list->addItem(tr("… and %1 more").arg(rows.size() - kMostListed));
}

// ---- Storage

StorageTab::StorageTab(TwoModels* models, QWidget* parent)
    : QWidget(parent), m_models(models), m_corpus(new CorpusChooser(false, this)),
      m_table(makeTable(QStringLiteral("storage"), tr("Neighbours kept against size"), this))
{
    auto* text = new QLabel(tr("How many of the ten nearest neighbours of a text (all dimensions, float32) are still found when "
                               "embeddings are cut short and stored in fewer bits, and what an index of a million texts takes."),
                            this);
    text->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->addWidget(text);
    column->addWidget(m_corpus);
    column->addWidget(m_table, 1);
    connect(m_corpus, &CorpusChooser::changed, this, &StorageTab::measure);
    connect(models, &TwoModels::modelsChanged, this, [this] {
        if (isVisible()) measure();
    });
}

void StorageTab::measure()
{
    constexpr std::size_t kMostTexts = 1500;
    std::vector<std::string> texts = m_corpus->texts();
    if (texts.size() > kMostTexts) texts.resize(kMostTexts);
    m_models->embed(this, std::move(texts), [this](const auto& left, const auto& right) {
        QPointer<StorageTab> self(this);
        QThreadPool::globalInstance()->start([self, left, right] {
            using Costs = std::vector<StorageCost>;
            auto found = std::make_shared<std::pair<Costs, Costs>>();
            found->first = storageCosts(left->values, static_cast<std::size_t>(left->dim));
            if (right) found->second = storageCosts(right->values, static_cast<std::size_t>(right->dim));
            QMetaObject::invokeMethod(qApp, [self, found] {
                if (!self) return;
                QTableWidget* table = self->m_table;
                table->clear();
                table->setColumnCount(5);
                table->setHorizontalHeaderLabels(
                    {tr("Dimensions"), tr("Stored as"), tr("Kept (left)"), tr("Kept (right)"), tr("A million texts")});
                table->verticalHeader()->hide();
                table->setRowCount(static_cast<int>(found->first.size()));
                for (int row = 0; row < table->rowCount(); ++row) {
                    const StorageCost& cost = found->first[static_cast<std::size_t>(row)];
                    const auto same = std::find_if(found->second.begin(), found->second.end(), [&](const StorageCost& one) {
                        return one.dimensions == cost.dimensions && std::string_view(one.precision) == cost.precision;
                    });
                    const QStringList cells{QString::number(cost.dimensions), QString::fromLatin1(cost.precision),
                                            decimals(100 * cost.kept, 1) + QStringLiteral(" %"),
                                            same == found->second.end() ? QStringLiteral("–")
                                                                        : decimals(100 * same->kept, 1) + QStringLiteral(" %"),
                                            QLocale().formattedDataSize(static_cast<qint64>(cost.bytesPerRow * 1e6))};
                    for (int i = 0; i < cells.size(); ++i)
                        table->setItem(row, i, new QTableWidgetItem(cells[i]));
                }
                table->resizeColumnsToContents();
            });
        });
    });
}

} // namespace studio
