#include "ui/designer/datafacts.h"

#include "ui/designer/modelfacts.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFileInfo>
#include <QPointer>

namespace studio {

namespace {

constexpr int kRemembered = 64;

QString fileMark(const std::string& path)
{
    const QFileInfo file(QString::fromStdString(path));
    return QStringLiteral("%1|%2|%3|")
        .arg(file.absoluteFilePath())
        .arg(file.size())
        .arg(file.lastModified().toMSecsSinceEpoch());
}

QString dataMark(const DataSpec& data)
{
    QString mark = fileMark(data.path) + QString::fromStdString(data.format) + u'|';
    for (const auto& [role, column] : data.columns)
        mark += QString::fromStdString(role + '=' + column + '|');
    if (data.rows) mark += QStringLiteral("%1-%2|").arg(data.rows->first).arg(data.rows->second);
    if (data.scoreDivisor) mark += QString::number(*data.scoreDivisor, 'g', 17);
    for (const std::string& label : data.labels)
        mark += u'|' + QString::fromStdString(label);
    return mark;
}

} // namespace

DataFacts::DataFacts(QObject* parent) : QObject(parent)
{
    // One file at a time, and the window first.
    m_pool.setMaxThreadCount(1);
    m_pool.setThreadPriority(QThread::LowPriority);
}

DataFacts::~DataFacts()
{
    for (const auto& cancel : std::as_const(m_cancel))
        cancel->store(true);
    m_pool.clear();
    m_pool.waitForDone();
}

void DataFacts::readModel(const Experiment& experiment)
{
    const QString folder = QString::fromStdString(experiment.model.path);
    if (folder == m_model && !m_tokenizer.isEmpty()) return;
    m_model = folder;
    const ModelFacts facts = readModelFacts(folder);
    m_tokenizer = facts.found ? facts.transformerFolder : QString();
    m_lowerCase = facts.lowerCaseFirst;
    m_limit = facts.found ? facts.maxSeqLength : 0;
    m_positions = facts.found ? facts.maxPositions : 0;
}

DataQuestion DataFacts::question(const Experiment& experiment, const QString& list, int index)
{
    readModel(experiment);
    const bool train = list == QLatin1String("train");
    const auto& sets = train                           ? experiment.train
                       : list == QLatin1String("test") ? experiment.test
                                                       : experiment.eval;
    DataQuestion question;
    if (index < 0 || index >= static_cast<int>(sets.size())) return question;
    question.data = sets[static_cast<std::size_t>(index)];
    if (train) question.eval = experiment.eval;
    if (train) question.eval.insert(question.eval.end(), experiment.test.begin(), experiment.test.end());
    question.tokenizerFolder = m_tokenizer.toStdString();
    question.lowerCaseFirst = m_lowerCase;
    question.prompts = experiment.arguments.prompts;
    question.severalSets = sets.size() > 1;
    return question;
}

int DataFacts::modelLimit(const Experiment& experiment)
{
    readModel(experiment);
    return m_limit;
}

int DataFacts::modelPositions(const Experiment& experiment)
{
    readModel(experiment);
    return m_positions;
}

QString DataFacts::fingerprint(const DataQuestion& question)
{
    QString mark = dataMark(question.data) + QStringLiteral("||");
    for (const DataSpec& other : question.eval)
        mark += dataMark(other) + QString::fromStdString(other.name) + QStringLiteral("||");
    mark += QString::fromStdString(question.tokenizerFolder) + QString::number(question.lowerCaseFirst);
    if (!question.data.prompts.is_null()) mark += QString::fromStdString(question.data.prompts.dump());
    if (!question.prompts.is_null()) mark += QString::fromStdString(question.prompts.dump());
    if (question.severalSets) mark += QString::fromStdString(question.data.name);
    return mark;
}

std::shared_ptr<const DataTruth> DataFacts::find(const DataQuestion& question) const
{
    return m_known.value(fingerprint(question));
}

bool DataFacts::isRunning(const DataQuestion& question) const
{
    return m_running.contains(fingerprint(question));
}

bool DataFacts::isQuick(const DataQuestion& question)
{
    qint64 bytes = 0;
    const auto add = [&bytes](const DataSpec& data) {
        const QFileInfo file(QString::fromStdString(data.path));
        if (!file.isFile()) return false;
        // A packed file is several times as long as it looks.
        const bool packed = file.suffix() == QLatin1String("gz") || file.suffix() == QLatin1String("zst") ||
                            file.suffix() == QLatin1String("parquet");
        bytes += file.size() * (packed ? 4 : 1);
        return true;
    };
    if (question.data.path.empty() || !add(question.data)) return false;
    for (const DataSpec& other : question.eval)
        add(other);
    return bytes <= kQuickBytes;
}

void DataFacts::request(const DataQuestion& question)
{
    const QString key = fingerprint(question);
    if (question.data.path.empty() || m_known.contains(key) || m_running.contains(key)) return;
    m_running.insert(key);
    const QString set = QString::fromStdString(question.data.path + '|' + question.data.name) +
                        (question.eval.empty() ? QStringLiteral("|alone") : QStringLiteral("|train"));
    if (const auto older = m_cancel.value(set)) older->store(true);
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    m_cancel.insert(set, cancelled);
    QPointer<DataFacts> self(this);
    m_pool.start([self, key, question, cancelled] {
        std::shared_ptr<const DataTruth> truth;
        if (!cancelled->load()) truth = std::make_shared<const DataTruth>(examineData(question, *cancelled));
        if (cancelled->load()) truth.reset();
        QMetaObject::invokeMethod(qApp, [self, key, truth] {
            if (!self) return;
            self->m_running.remove(key);
            if (!truth) return;
            if (self->m_known.size() >= kRemembered) self->m_known.clear();
            self->m_known.insert(key, truth);
            Q_EMIT self->found();
        });
    });
}

} // namespace studio
