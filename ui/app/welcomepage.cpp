#include "ui/app/welcomepage.h"

#include "session/runlibrary.h"
#include "ui/app/recentfiles.h"
#include "ui/widgets/icons.h"

#include <QDir>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {
namespace {

constexpr int kRecentRuns = 8;

} // namespace

WelcomePage::WelcomePage(RunLibrary* runs, QWidget* parent)
    : QWidget(parent), m_library(runs), m_files(new QListWidget(this)), m_runs(new QListWidget(this))
{
    auto* title = new QLabel(tr("Fine-tune sentence-embedding models"), this);
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.8);
    large.setBold(true);
    title->setFont(large);
    auto* text = new QLabel(tr("Try the sample first: it is ready to start, and shows within a few minutes what a run looks like."), this);
    text->setWordWrap(true);
    auto* buttons = new QHBoxLayout;
    const auto button = [&](const QString& name, const QString& icon, const QString& words, void (WelcomePage::*wanted)()) {
        auto* made = new QPushButton(studioIcon(icon), words, this);
        made->setObjectName(name);
        made->setIconSize(QSize(20, 20));
        connect(made, &QPushButton::clicked, this, wanted);
        buttons->addWidget(made);
        return made;
    };
    button(QStringLiteral("welcomeSample"), QStringLiteral("sample"), tr("Try the Sample"), &WelcomePage::sampleWanted)
        ->setDefault(true);
    button(QStringLiteral("welcomeNew"), QStringLiteral("new"), tr("New Experiment"), &WelcomePage::newWanted);
    button(QStringLiteral("welcomeOpen"), QStringLiteral("open"), tr("Open an Experiment…"), &WelcomePage::openWanted);
    buttons->addStretch(1);

    auto* grid = new QGridLayout;
    auto* filesLabel = new QLabel(tr("Recent experiments"), this);
    auto* runsLabel = new QLabel(tr("Recent runs"), this);
    QFont bold = font();
    bold.setBold(true);
    for (QLabel* label : {filesLabel, runsLabel})
        label->setFont(bold);
    m_files->setObjectName(QStringLiteral("welcomeFiles"));
    m_files->setAccessibleName(filesLabel->text());
    m_runs->setObjectName(QStringLiteral("welcomeRuns"));
    m_runs->setAccessibleName(runsLabel->text());
    grid->addWidget(filesLabel, 0, 0);
    grid->addWidget(runsLabel, 0, 1);
    grid->addWidget(m_files, 1, 0);
    grid->addWidget(m_runs, 1, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(32, 28, 32, 28);
    column->setSpacing(14);
    column->addWidget(title);
    column->addWidget(text);
    column->addLayout(buttons);
    column->addLayout(grid, 1);
    connect(m_files, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { Q_EMIT fileWanted(item->data(Qt::UserRole).toString()); });
    connect(m_runs, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { Q_EMIT runWanted(item->data(Qt::UserRole).toString()); });
    for (QListWidget* list : {m_files, m_runs}) // one click is enough here
        connect(list, &QListWidget::itemClicked, list, &QListWidget::itemActivated);
    connect(runs, &QAbstractItemModel::modelReset, this, [this] {
        if (isVisible()) refresh();
    });
}

void WelcomePage::showEvent(QShowEvent* event)
{
    refresh();
    QWidget::showEvent(event);
}

void WelcomePage::refresh()
{
    const auto add = [](QListWidget* list, const QString& words, const QString& data, const QString& tip) {
        auto* item = new QListWidgetItem(words, list);
        item->setData(Qt::UserRole, data);
        item->setToolTip(tip);
    };
    m_files->clear();
    for (const QString& path : RecentFiles::list())
        if (QFileInfo::exists(path)) add(m_files, QFileInfo(path).fileName(), path, QDir::toNativeSeparators(path));
    m_runs->clear();
    std::vector<int> rows(static_cast<std::size_t>(m_library->rowCount()));
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<int>(i);
    std::stable_sort(rows.begin(), rows.end(), [this](int a, int b) {
        return m_library->run(a).status.started > m_library->run(b).status.started;
    });
    for (const int row : rows) {
        if (m_runs->count() == kRecentRuns) break;
        const auto cell = [&](int column) { return m_library->index(row, column).data().toString(); };
        QStringList parts{cell(RunLibrary::Name), cell(RunLibrary::State), cell(RunLibrary::Started)};
        if (!cell(RunLibrary::Value).isEmpty()) parts << cell(RunLibrary::Metric) + u' ' + cell(RunLibrary::Value);
        const QString folder = m_library->index(row, 0).data(RunLibrary::FolderRole).toString();
        add(m_runs, parts.join(QStringLiteral(" · ")), folder, folder);
    }
    for (QListWidget* list : {m_files, m_runs}) {
        if (list->count() > 0) continue;
        auto* none = new QListWidgetItem(tr("None yet"), list);
        none->setFlags(Qt::NoItemFlags);
    }
}

} // namespace studio
