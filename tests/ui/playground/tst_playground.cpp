// Journey 9 with a scripted engine: before and after, side by side.

#include "core/records/runreader.h"
#include "session/embeddingworker.h"
#include "session/modelsofrun.h"
#include "session/scriptedengine.h"
#include "support/testfiles.h"
#include "ui/playground/corpus.h"
#include "ui/playground/mapview.h"
#include "ui/playground/playgroundpage.h"
#include "ui/playground/playgroundtabs.h"
#include "ui/playground/twomodels.h"
#include "ui/widgets/dialogs.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QTextBrowser>
#include <QtTest>

using namespace studio;

class TestPlayground : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void workerAnswersInOrder();
    void workerStops();
    void modelsOfARun();
    void similarityMatrix();
    void searchShowsMoves();
    void tokensOfBoth();
    void mapAndLasso();
    void sizes();
    void blockedWhileTraining();
    void everyControlHasAName();
    void screenshots();

private:
    QString text(const char* name) const { return m_page->findChild<QLabel*>(name)->text(); }

    test::TempFolder m_folder;
    ScriptedEngine m_engine;
    std::unique_ptr<PlaygroundPage> m_page;
};

void TestPlayground::initTestCase()
{
    QLocale::setDefault(QLocale::c());
    dialogs::setScripted(true);
    setEngineForTesting(&m_engine);
    std::string corpus = "text,label\n";
    const char* words[] = {"guitar", "piano", "market", "stock", "music", "bank"};
    for (int i = 0; i < 60; ++i)
        corpus += std::string(words[i % 6]) + " " + words[(i / 6) % 6] + " number" + std::to_string(i) + "," +
                  (i % 2 ? "odd" : "even") + "\n";
    test::writeFile(m_folder / "corpus.csv", corpus);
}

void TestPlayground::init()
{
    m_page = std::make_unique<PlaygroundPage>();
    m_page->resize(1100, 700);
    m_page->setModels("/models/base", "/models/final");
    m_page->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_page.get()));
}

void TestPlayground::cleanup()
{
    m_page.reset();
}

void TestPlayground::workerAnswersInOrder()
{
    EmbeddingWorker worker;
    QList<quint64> numbers;
    std::vector<std::shared_ptr<const Embeddings>> answers;
    connect(&worker, &EmbeddingWorker::embedded, this, [&](quint64 number, std::shared_ptr<const Embeddings> found) {
        numbers << number;
        answers.push_back(std::move(found));
    });
    std::vector<std::string> many;
    for (int i = 0; i < 500; ++i)
        many.push_back("text " + std::to_string(i));
    const auto first = worker.embed("/m", many);
    const auto second = worker.embed("/m", {"text 7"});
    QVERIFY(worker.isBusy());
    QTRY_COMPARE(numbers, (QList<quint64>{first, second}));
    QVERIFY(!worker.isBusy());
    QCOMPARE(answers[0]->rows, std::int64_t(500));
    // Row 7 of many is the same vector, whatever the piece it came in.
    for (std::int64_t i = 0; i < answers[1]->dim; ++i)
        QCOMPARE(answers[0]->values[static_cast<std::size_t>(7 * answers[0]->dim + i)], answers[1]->values[static_cast<std::size_t>(i)]);
}

void TestPlayground::workerStops()
{
    EmbeddingWorker worker;
    bool answered = false;
    connect(&worker, &EmbeddingWorker::embedded, this, [&] { answered = true; });
    worker.embed("/m", std::vector<std::string>(20000, "a b c"));
    worker.cancel();
    QTRY_VERIFY(!worker.isBusy());
    QVERIFY(!answered);
    // And one that is destroyed while it works takes its thread along.
    EmbeddingWorker().embed("/m", std::vector<std::string>(20000, "a b c"));
}

void TestPlayground::modelsOfARun()
{
    const auto run = m_folder / "out/runs/1";
    test::writeFile(run / "experiment.json", R"({"format":"sentence-studio/experiment","version":1,"model":{"path":"/models/base"}})");
    test::writeFile(run / "state.json", "{}");
    for (const char* name : {"checkpoint-100", "checkpoint-20", "checkpoint-x", "final"})
        test::writeFile(m_folder / "out" / name / "modules.json", "[]");
    const auto models = studio::modelsOfRun(readAnyRun(run));
    QStringList names;
    for (const auto& [name, folder] : models)
        names << name;
    QCOMPARE(names, (QStringList{"Base model", "Step 20", "Step 100", "Final model"}));
    m_page->setRun(QString::fromStdString(run.string()));
    QCOMPARE(m_page->models()->left(), QString("/models/base"));
    QVERIFY(m_page->models()->right().endsWith("/out/final"));
}

void TestPlayground::similarityMatrix()
{
    m_page->findChild<QPlainTextEdit*>("sentences")->setPlainText("a guitar\n\na guitar\nstock market");
    m_page->findChild<QPushButton*>("compareSentences")->click();
    auto* left = m_page->findChild<QTableWidget*>("similarity0");
    auto* right = m_page->findChild<QTableWidget*>("similarity1");
    QTRY_COMPARE(right->rowCount(), 3);
    QCOMPARE(left->rowCount(), 3);
    QCOMPARE(left->item(0, 0)->text(), QString("1.000"));
    QCOMPARE(left->item(0, 1)->text(), QString("1.000")); // the same sentence
    QCOMPARE(left->item(0, 2)->text(), left->item(2, 0)->text());
    QVERIFY(left->item(0, 2)->text().toDouble() < 0.99);
    QTRY_VERIFY(text("playgroundTold").isEmpty());
}

void TestPlayground::searchShowsMoves()
{
    auto* tab = m_page->findChild<SearchTab*>();
    m_page->showTab(1);
    QVERIFY(tab->corpus()->load(QString::fromStdString((m_folder / "corpus.csv").string())));
    QCOMPARE(tab->corpus()->texts().size(), std::size_t(60));
    auto* query = m_page->findChild<QLineEdit*>("query");
    QTest::keyClicks(query, "piano market number7");
    QTest::keyClick(query, Qt::Key_Return);
    auto* hits = m_page->findChild<QTableWidget*>("hits");
    QTRY_COMPARE(hits->rowCount(), 10);
    QCOMPARE(hits->item(0, 0)->text(), QString("1"));
    QVERIFY(hits->item(0, 3)->text().contains("number"));
    double before = 2;
    for (int row = 0; row < 10; ++row) {
        QCOMPARE(hits->item(row, 1)->text(), QString("=")); // the scripted models are alike
        QVERIFY(hits->item(row, 2)->text().toDouble() <= before);
        before = hits->item(row, 2)->text().toDouble();
    }
    QVERIFY(!tab->corpus()->load("/nowhere.csv"));
}

void TestPlayground::tokensOfBoth()
{
    test::writeFile(m_folder / "m/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##happy\nday\n");
    test::writeFile(m_folder / "m/tokenizer_config.json", R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true})");
    m_page->setModels(QString::fromStdString((m_folder / "m").string()), "/nowhere");
    auto* field = m_page->findChild<QLineEdit*>("tokenText");
    field->setText("Unhappy day");
    const QString shown = m_page->findChild<QTextBrowser*>("pieces")->toPlainText();
    for (const char* piece : {"[CLS]", "un", "##happy", "day", "5 tokens", "nowhere"})
        QVERIFY2(shown.contains(piece), qPrintable(shown));
}

void TestPlayground::mapAndLasso()
{
    auto* tab = m_page->findChild<MapTab*>();
    m_page->showTab(3);
    QVERIFY(tab->corpus()->load(QString::fromStdString((m_folder / "corpus.csv").string())));
    QCOMPARE(tab->corpus()->labels().size(), qsizetype(60));
    QTRY_COMPARE(tab->map(0)->count(), std::size_t(60));
    QTRY_COMPARE(tab->map(1)->count(), std::size_t(60));
    const QPointF at = tab->map(0)->placeOf(5);
    tab->map(0)->choose(QPolygonF({at + QPointF(-2, -2), at + QPointF(2, -2), at + QPointF(2, 2), at + QPointF(-2, 2)}));
    const auto chosen = tab->map(0)->chosen();
    QVERIFY(std::find(chosen.begin(), chosen.end(), 5) != chosen.end());
    QVERIFY(tab->map(1)->chosen() == chosen);
    auto* list = m_page->findChild<QListWidget*>("chosenTexts");
    QCOMPARE(list->count(), static_cast<int>(chosen.size()));
    QTest::keyClick(tab->map(0), Qt::Key_Escape);
    QCOMPARE(list->count(), 0);
    QTest::keyClick(tab->map(0), Qt::Key_A, Qt::ControlModifier);
    QCOMPARE(list->count(), 60);
}

void TestPlayground::sizes()
{
    auto* tab = m_page->findChild<StorageTab*>();
    m_page->showTab(4);
    QVERIFY(tab->corpus()->load(QString::fromStdString((m_folder / "corpus.csv").string())));
    auto* table = m_page->findChild<QTableWidget*>("storage");
    QTRY_VERIFY(table->rowCount() >= 3);
    QCOMPARE(table->item(0, 1)->text(), QString("float32"));
    QCOMPARE(table->item(0, 2)->text(), QString("100.0 %"));
    QCOMPARE(table->item(0, 3)->text(), QString("100.0 %"));
}

void TestPlayground::blockedWhileTraining()
{
    m_page->setBlocked("A run is going on.");
    m_page->findChild<QPushButton*>("compareSentences")->click();
    QCOMPARE(text("playgroundTold"), QString("A run is going on."));
    m_page->setBlocked({});
    m_page->setModels({}, {});
    m_page->findChild<QPushButton*>("compareSentences")->click();
    QCOMPARE(text("playgroundTold"), QString("Choose a model first."));
}

void TestPlayground::everyControlHasAName()
{
    for (const auto* widget : m_page->findChildren<QWidget*>()) {
        if (!(widget->focusPolicy() & Qt::TabFocus) || widget->objectName().startsWith("qt_")) continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        const bool named = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
        const bool part = widget->inherits("QTabWidget") || widget->inherits("QHeaderView") ||
                          (widget->parentWidget() && widget->parentWidget()->inherits("QComboBox")) ||
                          (widget->parentWidget() && widget->parentWidget()->inherits("QComboBoxPrivateContainer"));
        QVERIFY2(named || part, qPrintable(widget->metaObject()->className() + QString("/") + widget->objectName()));
    }
}

/// Writes pictures to look at into the folder that STUDIO_SCREENSHOTS names.
void TestPlayground::screenshots()
{
    const QString pictures = qEnvironmentVariable("STUDIO_SCREENSHOTS");
    if (pictures.isEmpty()) QSKIP("STUDIO_SCREENSHOTS names no folder for pictures.");
    similarityMatrix();
    QVERIFY(m_page->grab().save(pictures + "/playground-similarity.png"));
    searchShowsMoves();
    QVERIFY(m_page->grab().save(pictures + "/playground-search.png"));
    mapAndLasso();
    QVERIFY(m_page->grab().save(pictures + "/playground-map.png"));
    sizes();
    QVERIFY(m_page->grab().save(pictures + "/playground-size.png"));
    m_page->showTab(2);
    tokensOfBoth();
    QVERIFY(m_page->grab().save(pictures + "/playground-tokens.png"));
}

QTEST_MAIN(TestPlayground)
#include "tst_playground.moc"
