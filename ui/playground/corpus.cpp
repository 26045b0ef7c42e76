#include "ui/playground/corpus.h"

#include "data/reader.h"
#include "ui/widgets/dialogs.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

namespace studio {
namespace {

constexpr std::int64_t kMostRows = 5000;

} // namespace

CorpusChooser::CorpusChooser(bool withLabels, QWidget* parent)
    : QWidget(parent), m_path(new QLineEdit(this)), m_column(new QComboBox(this)), m_label(new QComboBox(this)),
      m_told(new QLabel(this))
{
    m_path->setPlaceholderText(tr("A file of texts: CSV, TSV, JSON lines, Parquet, or one text a line"));
    m_path->setAccessibleName(tr("File of texts"));
    auto* browse = new QPushButton(tr("Choose…"), this);
    m_column->setAccessibleName(tr("Column of texts"));
    m_label->setAccessibleName(tr("Column that colours"));
    m_label->setVisible(withLabels);
    m_told->setWordWrap(true);
    m_told->hide();
    auto* row = new QHBoxLayout;
    row->addWidget(m_path, 1);
    row->addWidget(browse);
    row->addWidget(m_column);
    row->addWidget(m_label);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(row);
    column->addWidget(m_told);
    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path = dialogs::openFile(this, tr("File of Texts"), m_path->text(),
                                               tr("Texts (*.csv *.tsv *.txt *.jsonl *.json *.parquet);;All files (*)"));
        if (!path.isEmpty()) load(path);
    });
    connect(m_path, &QLineEdit::returnPressed, this, [this] { load(m_path->text()); });
    for (auto* box : {m_column, m_label})
        connect(box, &QComboBox::activated, this, &CorpusChooser::readColumns);
}

bool CorpusChooser::load(const QString& path)
{
    m_path->setText(path);
    ReadOptions head;
    head.limit = 1;
    head.keepGoing = true;
    const auto table = readTable(path.toStdString(), head);
    m_told->setVisible(!table);
    if (!table) {
        m_told->setText(QString::fromStdString(table.error().text()));
        return false;
    }
    m_column->clear();
    m_label->clear();
    m_label->addItem(tr("One colour"), QString());
    int guess = 0;
    for (int i = 0; i < table->columns(); ++i) {
        const QString name = QString::fromStdString(table->name(i));
        if (table->kind(i) == ColumnKind::Text) m_column->addItem(name);
        m_label->addItem(tr("Colour by %1").arg(name), name);
        if (name == QLatin1String("label") || name == QLatin1String("score") || name == QLatin1String("source"))
            guess = guess == 0 ? i + 1 : guess;
    }
    m_label->setCurrentIndex(guess);
    readColumns();
    return true;
}

void CorpusChooser::readColumns()
{
    m_texts.clear();
    m_labels.clear();
    ReadOptions options;
    options.limit = kMostRows;
    options.keepGoing = true;
    const auto table = readTable(m_path->text().toStdString(), options);
    if (!table || m_column->count() == 0) {
        m_told->setText(table ? tr("The file has no column of texts.") : QString::fromStdString(table.error().text()));
        m_told->show();
        return;
    }
    const auto column = table->find(m_column->currentText().toStdString());
    const auto label = table->find(m_label->currentData().toString().toStdString());
    for (std::int64_t row = 0; column && row < table->rows(); ++row) {
        m_texts.emplace_back(table->text(*column, row));
        if (label && !m_label->currentData().toString().isEmpty())
            m_labels << QString::fromStdString(table->column(*label).display(row));
    }
    m_told->setText(tr("%1 texts%2").arg(QLocale().toString(static_cast<qlonglong>(m_texts.size())),
                                         table->rows() >= kMostRows ? tr(", the first of the file") : QString()));
    m_told->show();
    Q_EMIT changed();
}

} // namespace studio
