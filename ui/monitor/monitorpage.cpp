#include "ui/monitor/monitorpage.h"

#include "session/runmodel.h"
#include "session/trainingsession.h"
#include "ui/monitor/chartboard.h"
#include "ui/monitor/evaluationtable.h"
#include "ui/monitor/eventlog.h"
#include "ui/monitor/runheader.h"
#include "ui/monitor/similaritypanel.h"

#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

namespace studio {

struct MonitorPage::Parts
{
    TrainingSession* session;
    RunHeader* header;
    ChartBoard* board;
    EventLog* log;
    SimilarityPanel* similarity;
    EvaluationTable* evaluations;
};

MonitorPage::MonitorPage(TrainingSession* session, QWidget* parent)
    : QWidget(parent), m_parts(std::make_unique<Parts>())
{
    auto& parts = *m_parts;
    parts.session = session;
    parts.header = new RunHeader(this);
    parts.board = new ChartBoard(session->run(), this);
    parts.log = new EventLog(this);
    parts.similarity = new SimilarityPanel(session->run(), this);
    parts.evaluations = new EvaluationTable(session->run(), this);
    auto* details = new QTabWidget(this);
    details->setObjectName(QStringLiteral("runDetails"));
    details->tabBar()->setAccessibleName(tr("Details of the run"));
    details->setAccessibleName(tr("Details of the run"));
    details->setDocumentMode(true);
    details->addTab(parts.log, tr("Log"));
    details->addTab(parts.evaluations, tr("Evaluations"));
    details->addTab(parts.similarity, tr("Similarities"));

    auto* split = new QSplitter(Qt::Vertical, this);
    split->setChildrenCollapsible(false);
    split->addWidget(parts.board);
    split->addWidget(details);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 1);
    parts.log->setMinimumHeight(60);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(parts.header);
    layout->addWidget(split, 1);

    connect(parts.header, &RunHeader::startRequested, this, &MonitorPage::startRequested);
    connect(parts.header, &RunHeader::stopRequested, this, &MonitorPage::stopRequested);
    connect(session, &TrainingSession::stateChanged, this, [this](TrainingSession::State state) {
        if (state == TrainingSession::State::Starting) {
            m_parts->log->clear();
            m_parts->board->setExperiment(m_parts->session->experiment());
        }
        m_parts->header->setState(state, m_parts->session->outcome());
        m_parts->header->showRun(*m_parts->session->run(), true);
    });
    connect(session, &TrainingSession::eventArrived, this,
            [this](const Event& event) { m_parts->log->add(event); });
    connect(session->run(), &RunModel::changed, this, [this] {
        m_parts->board->refresh();
        m_parts->similarity->refresh();
        m_parts->evaluations->refresh();
        m_parts->header->showRun(*m_parts->session->run(), false);
    });
    // A page that is made while a run goes on shows what was told before.
    for (const auto& event : session->run()->events())
        parts.log->add(event);
    parts.board->setExperiment(session->experiment());
    parts.board->refresh();
    parts.similarity->refresh();
    parts.evaluations->refresh();
    parts.header->setState(session->state(), session->outcome());
    parts.header->showRun(*session->run(), true);
}

MonitorPage::~MonitorPage() = default;

void MonitorPage::setStartAllowed(bool allowed, const QString& reason)
{
    m_parts->header->setStartAllowed(allowed, reason);
}

void MonitorPage::setExperimentName(const QString& name)
{
    m_parts->header->setName(name);
}

} // namespace studio
