#include "ui/playground/playgroundpage.h"

#include "core/records/runreader.h"
#include "session/modelsofrun.h"
#include "ui/playground/playgroundtabs.h"
#include "ui/playground/twomodels.h"
#include "ui/widgets/dialogs.h"

#include <QComboBox>
#include <QDir>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

namespace studio {

PlaygroundPage::PlaygroundPage(QWidget* parent)
    : QWidget(parent), m_models(new TwoModels(this)), m_tabs(new QTabWidget(this)), m_told(new QLabel(this)),
      m_stop(new QPushButton(tr("Stop Embedding"), this))
{
    m_left = makeChooser(tr("Left model"));
    m_left->setObjectName(QStringLiteral("leftModel"));
    m_right = makeChooser(tr("Right model"));
    m_right->setObjectName(QStringLiteral("rightModel"));
    auto* chooser = new QHBoxLayout;
    for (QComboBox* box : {m_left, m_right}) {
        auto* label = new QLabel(box == m_left ? tr("Left") : tr("Right"), this);
        auto* browse = new QPushButton(tr("Choose…"), this);
        browse->setAccessibleName(box == m_left ? tr("Choose the left model") : tr("Choose the right model"));
        connect(browse, &QPushButton::clicked, this, [this, box] {
            const QString folder = dialogs::openFolder(this, tr("Folder of a Model"), folderIn(box));
            if (folder.isEmpty()) return;
            box->addItem(folder, folder);
            box->setCurrentIndex(box->count() - 1);
            takeModels();
        });
        chooser->addWidget(label);
        chooser->addWidget(box, 1);
        chooser->addWidget(browse);
    }
    m_tabs->setObjectName(QStringLiteral("playgroundTabs"));
    m_tabs->tabBar()->setAccessibleName(tr("Ways to try the models"));
    m_tabs->addTab(new SimilarityTab(m_models), tr("Similarity"));
    m_tabs->addTab(new SearchTab(m_models), tr("Search"));
    m_tabs->addTab(new TokensTab(m_models), tr("Tokens"));
    m_tabs->addTab(new MapTab(m_models), tr("Map"));
    m_tabs->addTab(new StorageTab(m_models), tr("Size"));
    m_told->setObjectName(QStringLiteral("playgroundTold"));
    m_told->setWordWrap(true);
    m_stop->hide();
    auto* below = new QHBoxLayout;
    below->addWidget(m_told, 1);
    below->addWidget(m_stop);
    auto* column = new QVBoxLayout(this);
    column->addLayout(chooser);
    column->addWidget(m_tabs, 1);
    column->addLayout(below);
    connect(m_models, &TwoModels::told, m_told, &QLabel::setText);
    connect(m_models, &TwoModels::busyChanged, m_stop, &QPushButton::setVisible);
    connect(m_stop, &QPushButton::clicked, m_models, &TwoModels::cancel);
    m_told->setText(tr("Choose two models, or a run under Runs with “Try in the Playground”."));
}

QComboBox* PlaygroundPage::makeChooser(const QString& name)
{
    auto* box = new QComboBox(this);
    box->setAccessibleName(name);
    box->setMinimumContentsLength(24);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    connect(box, &QComboBox::activated, this, &PlaygroundPage::takeModels);
    return box;
}

QString PlaygroundPage::folderIn(const QComboBox* box) const
{
    return box->currentData().toString();
}

void PlaygroundPage::takeModels()
{
    m_models->setModels(folderIn(m_left), folderIn(m_right));
}

void PlaygroundPage::setRun(const QString& runFolder)
{
    const auto models = modelsOfRun(readAnyRun(runFolder.toStdString()));
    for (QComboBox* box : {m_left, m_right}) {
        box->clear();
        for (const auto& [name, folder] : models) {
            box->addItem(QStringLiteral("%1 — %2").arg(name, QDir::toNativeSeparators(folder)), folder);
            box->setItemData(box->count() - 1, folder, Qt::ToolTipRole);
        }
    }
    m_right->setCurrentIndex(m_right->count() - 1);
    m_told->setText(models.size() < 2 ? tr("This run has left no model yet.") : QString());
    takeModels();
}

void PlaygroundPage::setModels(const QString& left, const QString& right)
{
    for (const auto& [box, folder] : {std::pair(m_left, left), std::pair(m_right, right)}) {
        if (box->findData(folder) < 0) box->addItem(folder, folder);
        box->setCurrentIndex(box->findData(folder));
    }
    takeModels();
}

void PlaygroundPage::setBlocked(const QString& reason)
{
    m_models->setBlocked(reason);
}

void PlaygroundPage::showTab(int tab)
{
    m_tabs->setCurrentIndex(tab);
}

} // namespace studio
