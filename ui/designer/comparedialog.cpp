#include "ui/designer/comparedialog.h"

#include "core/arguments/argumentfields.h"
#include "ui/designer/argumenteditor.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/presetlibrary.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QStandardItemModel>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

namespace {

constexpr int kMostRuns = 40;
constexpr int kSourceRole = Qt::UserRole;

CompareSource fileSource(const QString& group, const QString& name, const QString& path)
{
    return {group, name,
            [path]() -> Result<Experiment> {
                auto loaded = loadExperiment(path.toStdString());
                if (!loaded) return loaded.error();
                return absolutePaths(loaded->experiment, QFileInfo(path).absolutePath().toStdString());
            },
            false};
}

bool isSecret(const QString& key)
{
    const Field* field = findField(key.toStdString());
    return field && field->type == FieldType::Secret;
}

QString shownValue(const QString& key, const Json& value)
{
    return isSecret(key) ? QStringLiteral("…") : readable(value);
}

} // namespace

CompareDialog::CompareDialog(ExperimentDocument* document, std::vector<CompareSource> sources,
                             QWidget* parent)
    : QDialog(parent),
      m_document(document),
      m_sources(std::move(sources)),
      m_left(new QComboBox(this)),
      m_right(new QComboBox(this)),
      m_tree(new QTreeWidget(this)),
      m_summary(new QLabel(this))
{
    setWindowTitle(tr("Compare Settings"));
    auto* column = new QVBoxLayout(this);
    auto* grid = new QGridLayout;
    const auto side = [&](QComboBox* box, const QString& text, int at) {
        auto* label = new QLabel(text, this);
        label->setBuddy(box);
        grid->addWidget(label, 0, at);
        grid->addWidget(box, 1, at);
        box->setAccessibleName(QString(text).remove(u'&'));
        box->setAccessibleDescription(tr("Defaults, the form, the saved file, a preset or a run"));
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(28);
        QString group;
        for (std::size_t i = 0; i < m_sources.size(); ++i) {
            if (m_sources[i].group != group) {
                group = m_sources[i].group;
                box->addItem(group.toUpper());
                static_cast<QStandardItemModel*>(box->model())->item(box->count() - 1)->setEnabled(false);
            }
            box->addItem(m_sources[i].name, static_cast<int>(i));
        }
        connect(box, &QComboBox::currentIndexChanged, this, &CompareDialog::fill);
    };
    side(m_left, tr("&Left"), 0);
    side(m_right, tr("&Right"), 1);
    column->addLayout(grid);
    column->addWidget(m_summary);
    m_summary->setWordWrap(true);
    m_tree->setRootIsDecorated(false);
    m_tree->setAlternatingRowColors(true);
    m_tree->setAccessibleName(tr("Differences"));
    m_tree->setAccessibleDescription(tr("Space ticks a value"));
    column->addWidget(m_tree, 1);
    auto* box = new QDialogButtonBox(this);
    m_takeLeft = box->addButton(tr("Take Ticked from Left"), QDialogButtonBox::ActionRole);
    m_takeRight = box->addButton(tr("Take Ticked from Right"), QDialogButtonBox::ActionRole);
    box->addButton(QDialogButtonBox::Close);
    connect(m_takeLeft, &QPushButton::clicked, this, [this] { take(true); });
    connect(m_takeRight, &QPushButton::clicked, this, [this] { take(false); });
    connect(box, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(box);
    resize(fontMetrics().averageCharWidth() * 135, fontMetrics().height() * 30);
    choose(0, 1);
    // Nothing is unsaved: the defaults, or whatever comes first that is different, say more.
    for (int other = 2; m_differences.empty() && other < static_cast<int>(m_sources.size()); ++other)
        choose(0, other);
    if (m_differences.empty()) choose(0, 1);
}

void CompareDialog::choose(int left, int right)
{
    {
        const QSignalBlocker quietLeft(m_left);
        const QSignalBlocker quietRight(m_right);
        m_left->setCurrentIndex(m_left->findData(left, kSourceRole));
        m_right->setCurrentIndex(m_right->findData(right, kSourceRole));
    }
    fill();
}

std::optional<Experiment> CompareDialog::load(int index)
{
    if (index < 0 || index >= static_cast<int>(m_sources.size())) return std::nullopt;
    auto loaded = m_sources[static_cast<std::size_t>(index)].load();
    if (loaded) return std::move(*loaded);
    m_problem = QString::fromStdString(loaded.error().text());
    return std::nullopt;
}

void CompareDialog::fill()
{
    m_problem.clear();
    m_differences.clear();
    m_tree->clear();
    const int leftIndex = m_left->currentData(kSourceRole).toInt();
    const int rightIndex = m_right->currentData(kSourceRole).toInt();
    const auto left = load(leftIndex);
    const auto right = load(rightIndex);
    const bool usable = left && right;
    const bool leftIsNow = m_sources[static_cast<std::size_t>(leftIndex)].current;
    const bool rightIsNow = m_sources[static_cast<std::size_t>(rightIndex)].current;
    const bool third = !leftIsNow && !rightIsNow;
    m_tree->setColumnCount(third ? 5 : 4);
    QStringList headers{tr("Setting"), tr("Name in files"), m_left->currentText(), m_right->currentText()};
    if (third) headers << tr("Now in the form");
    m_tree->setHeaderLabels(headers);
    if (usable) m_differences = settingDifferences(*left, *right);
    int likeNeither = 0;
    for (const SettingDifference& difference : m_differences) {
        auto* item = new QTreeWidgetItem(m_tree, {difference.label, difference.key,
                                                  shownValue(difference.key, difference.left),
                                                  shownValue(difference.key, difference.right)});
        item->setCheckState(0, Qt::Unchecked);
        if (third) {
            const Json now = m_document->value(difference.key);
            item->setText(4, shownValue(difference.key, now));
            // The side that the form agrees with stands out.
            QFont bold = item->font(2);
            bold.setBold(true);
            if (now == difference.left) item->setFont(2, bold);
            if (now == difference.right) item->setFont(3, bold);
            likeNeither += now != difference.left && now != difference.right ? 1 : 0;
        }
        for (int c = 0; c < m_tree->columnCount(); ++c)
            item->setToolTip(c, item->text(c));
    }
    for (int c = 0; c < 2; ++c)
        m_tree->resizeColumnToContents(c);
    for (int c = 2; c < m_tree->columnCount(); ++c)
        m_tree->setColumnWidth(c, fontMetrics().averageCharWidth() * 24);
    const auto count = static_cast<int>(m_differences.size());
    QString text = !usable      ? m_problem
                   : count == 0 ? tr("There is no difference.")
                   : count == 1 ? tr("One value differs.")
                                : tr("%1 values differ.").arg(count);
    if (usable && third && !m_differences.empty()) {
        text += u' ' + tr("Bold: what the form has now.");
        if (likeNeither > 0) text += u' ' + tr("In %1 the form is like neither.").arg(likeNeither);
    }
    m_summary->setText(text);
    m_takeLeft->setEnabled(usable && !m_differences.empty() && !leftIsNow);
    m_takeRight->setEnabled(usable && !m_differences.empty() && !rightIsNow);
}

void CompareDialog::take(bool fromLeft)
{
    std::vector<Edit> edits;
    for (int i = 0; i < m_tree->topLevelItemCount(); ++i) {
        if (m_tree->topLevelItem(i)->checkState(0) != Qt::Checked) continue;
        const SettingDifference& difference = m_differences[static_cast<std::size_t>(i)];
        if (isSecret(difference.key)) continue;
        edits.push_back({difference.key, fromLeft ? difference.left : difference.right});
    }
    const QString from = fromLeft ? m_left->currentText() : m_right->currentText();
    m_document->apply(tr("Take Values of %1").arg(from), edits);
    fill();
}

std::vector<CompareSource> compareSources(ExperimentDocument* document, const QString& shippedPresets,
                                          const QStringList& runFolders)
{
    std::vector<CompareSource> sources;
    // Absolute paths everywhere: the same file is the same value wherever the experiment lies.
    const auto absolute = [document](const Experiment& experiment) {
        return absolutePaths(experiment, document->baseFolder().toStdString());
    };
    sources.push_back({{},
                       CompareDialog::tr("Now in the form"),
                       [=]() -> Result<Experiment> { return absolute(document->experiment()); },
                       true});
    sources.push_back({{},
                       CompareDialog::tr("As saved"),
                       [=]() -> Result<Experiment> { return absolute(document->savedExperiment()); },
                       false});
    sources.push_back(
        {{}, CompareDialog::tr("Defaults"), []() -> Result<Experiment> { return Experiment(); }, false});
    const PresetLibrary library(shippedPresets);
    for (const PresetInfo& preset : library.own())
        sources.push_back(fileSource(CompareDialog::tr("Your presets"), preset.name, preset.path));
    for (const PresetInfo& preset : library.shipped())
        sources.push_back(fileSource(CompareDialog::tr("Presets"), preset.name, preset.path));
    QFileInfoList runs;
    for (const QString& folder : runFolders) {
        const auto inside = QDir(folder).entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time);
        for (const QFileInfo& run : inside) {
            if (QFileInfo::exists(run.filePath() + QStringLiteral("/experiment.json"))) runs << run;
        }
    }
    std::stable_sort(runs.begin(), runs.end(), [](const QFileInfo& a, const QFileInfo& b) {
        return a.lastModified() > b.lastModified();
    });
    for (const QFileInfo& run : runs.mid(0, kMostRuns)) {
        sources.push_back(fileSource(CompareDialog::tr("Runs"), run.fileName(),
                                     run.filePath() + QStringLiteral("/experiment.json")));
    }
    return sources;
}

} // namespace studio
