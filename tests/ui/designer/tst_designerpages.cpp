#include "core/catalog/catalog.h"
#include "support/testfiles.h"
#include "ui/designer/datapage.h"
#include "ui/designer/datapreview.h"
#include "ui/designer/datasuggestion.h"
#include "ui/designer/datasummary.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdiff.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/modelfacts.h"
#include "ui/designer/planstrip.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/lengthhistogram.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/searchbox.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QToolButton>
#include <QTreeWidget>
#include <QtTest>

using namespace studio;

class TestDesignerPages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        dialogs::setScripted(true);
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    }
    void modelFactsWithoutTorch();
    void modelFactsOfBadFolders();
    void aDroppedFileGetsRolesAndALoss();
    void rolesAreSwappable();
    void lossesThatDoNotFitAreGreyedOut();
    void changingTheLossKeepsFittingOptions();
    void evaluators();
    void searchJumps();
    void theTreeCountsFindings();
    void thePlanFollowsEveryEdit();
    void theHistogramSetsTheLimit();
    void testSetsAndEarlyStopping();

private:
    static void writeCsv(const std::filesystem::path& path, int rows)
    {
        std::string text = "sentence1,sentence2,score,source\n";
        for (int i = 0; i < rows; ++i)
            text += "a cat " + std::to_string(i) + ",\"a dog, big\"," +
                    std::to_string(i % 6 == 0 ? 2.5 : i % 6) + ",x\n";
        test::writeFile(path, text);
    }
};

void TestDesignerPages::modelFactsWithoutTorch()
{
    test::TempFolder folder;
    test::writeFile(folder / "modules.json",
                    R"([{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
                        {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"}])");
    test::writeFile(folder / "config.json",
                    R"({"architectures":["BertModel"],"num_hidden_layers":6,"hidden_size":384,
                        "num_attention_heads":12,"vocab_size":30522,"max_position_embeddings":512})");
    test::writeFile(folder / "sentence_bert_config.json", R"({"max_seq_length":256})");
    test::writeFile(
        folder / "1_Pooling" / "config.json",
        R"({"word_embedding_dimension":384,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true})");
    test::writeFile(folder / "model.safetensors", "0123456789");
    const ModelFacts facts = readModelFacts(QString::fromStdString(folder.path()));
    QVERIFY(facts.found);
    QCOMPARE(facts.architecture, QString("BertModel"));
    QCOMPARE(facts.layers, 6);
    QCOMPARE(facts.dimension, 384);
    QCOMPARE(facts.maxSeqLength, 256);
    QCOMPARE(facts.pooling, QString("mean"));
    QCOMPARE(facts.modules, (QStringList{"Transformer", "Pooling"}));
    QCOMPARE(facts.weightBytes, 10);
    QVERIFY(facts.problem.isEmpty());
}

void TestDesignerPages::modelFactsOfBadFolders()
{
    test::TempFolder folder;
    QVERIFY(!readModelFacts(QString()).found);
    QVERIFY(!readModelFacts("/nowhere/at/all").found);
    QVERIFY(readModelFacts(QString::fromStdString(folder.path())).problem.contains("config.json"));
    test::writeFile(folder / "config.json", "{ not json");
    QVERIFY(readModelFacts(QString::fromStdString(folder.path())).problem.contains("not valid JSON"));
    test::writeFile(folder / "config.json", R"({"architectures":["BertModel"]})");
    QVERIFY(readModelFacts(QString::fromStdString(folder.path())).problem.contains("model.safetensors"));
}

void TestDesignerPages::aDroppedFileGetsRolesAndALoss()
{
    test::TempFolder folder;
    writeCsv(folder / "pairs.csv", 100);
    ExperimentDocument document;
    DesignerPage designer(&document);
    designer.showPage("data");
    designer.dataPage()->addFile("train", QString::fromStdString(folder / "pairs.csv"));
    QTRY_VERIFY(!document.value("train[0].columns").is_null());
    QCOMPARE(document.value("train[0].columns"),
             Json::parse(R"({"sentence1":"sentence1","sentence2":"sentence2","score":"score"})"));
    QCOMPARE(document.value("train[0].score_divisor").get<double>(), 5.0);
    QCOMPARE(document.value("train[0].loss.type"), Json("CosineSimilarityLoss"));
    QCOMPARE(document.value("train[0].name"), Json("pairs"));
    const DataPreview* preview = designer.dataPage()->preview("train[0]");
    QVERIFY(preview && preview->head());
    auto* summary = designer.dataPage()->findChild<DataSummary*>();
    QSignalSpy computed(summary, &DataSummary::computed);
    summary->compute();
    QTRY_COMPARE(computed.count(), 1);
    QVERIFY2(summary->text().startsWith("100 rows, 0 of them"), qPrintable(summary->text()));
    QVERIFY(summary->text().contains("Label: from 0.2 to 1"));
    QCOMPARE(preview->head()->rows(), std::int64_t(DataPreview::kRows));
    document.undoStack()->undo(); // the guess is one step of its own
    QVERIFY(document.value("train[0].columns").is_null());
    QCOMPARE(document.experiment().train.size(), std::size_t(1));
}

void TestDesignerPages::rolesAreSwappable()
{
    test::TempFolder folder;
    writeCsv(folder / "pairs.csv", 10);
    ExperimentDocument document;
    DesignerPage designer(&document);
    designer.showPage("data");
    designer.dataPage()->addFile("train", QString::fromStdString(folder / "pairs.csv"));
    QTRY_VERIFY(!document.value("train[0].columns").is_null());
    auto* preview = designer.dataPage()->preview("train[0]");
    QToolButton* swap = nullptr;
    for (auto* button : preview->findChildren<QToolButton*>()) {
        if (button->text() == "Swap Inputs") swap = button;
    }
    QVERIFY(swap && !swap->isHidden());
    swap->click();
    QCOMPARE(document.experiment().train[0].columns[0].second, std::string("sentence2"));

    QComboBox* source = nullptr;
    for (auto* combo : preview->findChildren<QComboBox*>()) {
        if (combo->accessibleName() == "Role of column source") source = combo;
    }
    QVERIFY(source);
    QCOMPARE(source->currentText(), QString("not used"));
    source->setCurrentIndex(source->findData("negative"));
    Q_EMIT source->activated(source->currentIndex());
    QCOMPARE(document.experiment().train[0].columns.size(), std::size_t(4));
}

void TestDesignerPages::lossesThatDoNotFitAreGreyedOut()
{
    test::TempFolder folder;
    writeCsv(folder / "pairs.csv", 10);
    ExperimentDocument document;
    DesignerPage designer(&document);
    designer.showPage("data");
    designer.dataPage()->addFile("train", QString::fromStdString(folder / "pairs.csv"));
    QTRY_VERIFY(!document.value("train[0].columns").is_null());
    designer.showPage("loss");
    FormRow* row = designer.page("loss")->row("train[0].loss.type");
    QVERIFY(row);
    auto* box = row->editor()->findChild<QComboBox*>();
    auto* model = qobject_cast<QStandardItemModel*>(box->model());
    int greyed = 0;
    for (int i = 0; i < box->count(); ++i) {
        const bool fits =
            misfit(*findLoss(box->itemText(i).toStdString()), DataOffer{2, LabelKind::Float}).isEmpty();
        QCOMPARE(model->item(i)->isEnabled(), fits);
        greyed += fits ? 0 : 1;
        if (!fits)
            QVERIFY2(!box->itemData(i, Qt::UserRole + 1).toString().isEmpty(), qPrintable(box->itemText(i)));
    }
    QVERIFY(greyed > 0 && greyed < box->count());
}

void TestDesignerPages::changingTheLossKeepsFittingOptions()
{
    ExperimentDocument document;
    document.setValue("train", Json::parse(R"([{"name":"a","path":"a.csv","loss":
        {"type":"MultipleNegativesRankingLoss","options":{"scale":10.0}}}])"));
    DesignerPage designer(&document);
    designer.showPage("loss");
    QVERIFY(designer.page("loss")->row("train[0].loss.options.scale"));
    FormRow* row = designer.page("loss")->row("train[0].loss.type");
    auto* box = row->editor()->findChild<QComboBox*>();
    const auto choose = [&](const QString& loss) {
        box->setCurrentIndex(box->findText(loss));
        Q_EMIT box->activated(box->currentIndex());
    };
    choose("CachedMultipleNegativesRankingLoss");
    QCOMPARE(document.value("train[0].loss.options.scale").get<double>(), 10.0);
    QVERIFY(designer.page("loss")->row("train[0].loss.options.mini_batch_size"));
    choose("SoftmaxLoss");
    QVERIFY(document.value("train[0].loss.options.scale").is_null());
    document.undoStack()->undo();
    document.undoStack()->undo();
    QCOMPARE(document.value("train[0].loss.type"), Json("MultipleNegativesRankingLoss"));
    QCOMPARE(document.value("train[0].loss.options.scale").get<double>(), 10.0);
}

void TestDesignerPages::evaluators()
{
    ExperimentDocument document;
    document.setValue("eval", Json::parse(R"([{"name":"dev","path":"d.csv"}])"));
    DesignerPage designer(&document);
    designer.showPage("evaluation");
    for (auto* button : designer.page("evaluation")->findChildren<QPushButton*>()) {
        if (button->text() == "Add Evaluator") button->click();
    }
    QCOMPARE(document.experiment().evaluators.size(), std::size_t(1));
    QCOMPARE(document.experiment().evaluators[0].data, std::string("dev"));
    QVERIFY(designer.page("evaluation")->row("evaluators[0].data"));
    // Every evaluator and every loss of the catalog has an editor for each of its options.
    for (const EvaluatorInfo& info : evaluatorCatalog()) {
        document.setValue("evaluators[0].type", info.type);
        for (const OptionInfo& option : info.options) {
            const QString key = QString::fromStdString("evaluators[0].options." + option.name);
            QVERIFY2(designer.page("evaluation")->row(key), qPrintable(key));
        }
    }
    document.setValue("train", Json::parse(R"([{"name":"a","path":"a.csv"}])"));
    designer.showPage("loss");
    for (const LossInfo& info : lossCatalog()) {
        document.setValue("train[0].loss", Json{{"type", info.type}});
        for (const OptionInfo& option : info.options) {
            const QString key = QString::fromStdString("train[0].loss.options." + option.name);
            QVERIFY2(designer.page("loss")->row(key),
                     qPrintable(QString::fromStdString(info.type) + ' ' + key));
        }
    }
}

void TestDesignerPages::searchJumps()
{
    ExperimentDocument document;
    DesignerPage designer(&document);
    designer.resize(1200, 800);
    designer.show();
    QVERIFY(QTest::qWaitForWindowExposed(&designer));
    designer.focusSearch();
    auto* box = designer.findChild<SearchBox*>();
    QTest::keyClicks(box, "neftune");
    QTest::keyClick(box, Qt::Key_Return);
    FormPage* page = designer.page(designer.currentPage());
    QVERIFY(page->owns("neftune_noise_alpha"));
    FormRow* row = page->row("neftune_noise_alpha");
    QVERIFY(row && row->isVisible()); // an advanced field is shown
    QVERIFY(row->isAncestorOf(QApplication::focusWidget()));
    QVERIFY(box->text().isEmpty());
}

void TestDesignerPages::theTreeCountsFindings()
{
    ExperimentDocument document;
    DesignerPage designer(&document);
    document.setValue("model.path", "/nowhere");
    document.validateNow();
    auto* tree = designer.findChild<QTreeWidget*>("pageTree");
    QTreeWidgetItem* model = tree->topLevelItem(0)->child(0);
    QCOMPARE(model->text(0), QString("Model"));
    QVERIFY(model->text(1).toInt() >= 1);
    QVERIFY(model->data(0, Qt::AccessibleTextRole).toString().contains("error"));
    designer.showPage("set_training");
    designer.revealFirstProblem();
    QVERIFY(designer.page(designer.currentPage())
                ->owns(QString::fromStdString(document.firstError()->keys.front())));
}

void TestDesignerPages::thePlanFollowsEveryEdit()
{
    test::TempFolder folder;
    writeCsv(folder / "pairs.csv", 1000);
    ExperimentDocument document;
    DesignerPage designer(&document);
    const auto* plan = designer.findChild<PlanStrip*>();
    QCOMPARE(plan->summary(), QString());
    document.setValue("train", Json::parse(R"([{"name":"a"}])"));
    document.setValue("train[0].path", (folder / "pairs.csv").string());
    document.setValue("per_device_train_batch_size", 16);
    document.setValue("num_train_epochs", 2.0);
    QTRY_VERIFY(plan->summary().contains("126 steps"));
    QVERIFY2(plan->summary().startsWith("1,000 rows, 63 batches an epoch, 126 steps, 0 evaluations"),
             qPrintable(plan->summary()));
    document.setValue("eval_strategy", "steps");
    document.setValue("eval_steps", 50);
    QVERIFY2(plan->summary().contains("evaluations") && !plan->summary().contains(" 0 evaluations"),
             qPrintable(plan->summary()));
    document.setValue("max_steps", 10);
    QVERIFY(plan->summary().contains("10 steps"));
    document.setValue("train[0].rows", Json::array({0, 160}));
    QVERIFY(plan->summary().startsWith("160 rows, 10 batches an epoch"));
}

void TestDesignerPages::theHistogramSetsTheLimit()
{
    test::TempFolder folder;
    test::writeFile(folder / "model" / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ncat\ndog\n");
    test::writeFile(folder / "model" / "config.json",
                    R"({"architectures":["BertModel"],"num_hidden_layers":2,"hidden_size":32,
                        "num_attention_heads":2,"vocab_size":8,"max_position_embeddings":64})");
    test::writeFile(folder / "model" / "model.safetensors", "weights");
    std::string text = "anchor,positive\n";
    for (int i = 0; i < 90; ++i)
        text += "a cat,a dog\n"; // 4 tokens
    for (int i = 0; i < 10; ++i)
        text += "a cat a cat a cat a cat,a dog\n"; // 10 tokens
    test::writeFile(folder / "pairs.csv", text);
    ExperimentDocument document;
    document.setValue("model.path", (folder / "model").string());
    DesignerPage designer(&document);
    designer.showPage("data");
    designer.dataPage()->addFile("train", QString::fromStdString(folder / "pairs.csv"));
    auto* summary = designer.dataPage()->findChild<DataSummary*>();
    QTRY_VERIFY2(summary->tokenText().contains("the longest has 10"), qPrintable(summary->text()));
    QVERIFY2(summary->tokenText().startsWith("0.0% of the rows are truncated at 64"),
             qPrintable(summary->tokenText()));
    const int before = document.undoStack()->count();
    QTest::keyClick(summary->histogram(), Qt::Key_End);
    QCOMPARE(document.value("model.max_seq_length"), Json(10));
    summary->histogram()->resize(400, 100);
    QTest::mousePress(summary->histogram(), Qt::LeftButton, {}, QPoint(390, 40));
    for (int x = 380; x > 200; x -= 20)
        QTest::mouseMove(summary->histogram(), QPoint(x, 40));
    QTest::mouseRelease(summary->histogram(), Qt::LeftButton, {}, QPoint(220, 40));
    const int limit = document.value("model.max_seq_length").get<int>();
    QVERIFY2(limit >= 4 && limit < 10, qPrintable(QString::number(limit)));
    QCOMPARE(document.undoStack()->count(), before + 2); // a key, and one drag
    QVERIFY2(summary->tokenText().startsWith(QString("10.0% of the rows are truncated at %1").arg(limit)),
             qPrintable(summary->tokenText()));
    document.validateNow();
    QVERIFY(!document.issuesOf("model.max_seq_length").empty()); // lint speaks of it
    for (auto* button : summary->findChildren<QPushButton*>()) {
        if (button->text().startsWith("Cut at 10")) button->click();
    }
    QCOMPARE(document.value("model.max_seq_length"), Json(10));
    document.validateNow();
    QVERIFY(document.issuesOf("model.max_seq_length").empty());
}

void TestDesignerPages::testSetsAndEarlyStopping()
{
    test::TempFolder folder;
    writeCsv(folder / "final.csv", 10);
    ExperimentDocument document;
    DesignerPage designer(&document);
    designer.showPage("data");
    designer.dataPage()->addFile("test", QString::fromStdString(folder / "final.csv"));
    QCOMPARE(document.experiment().test.size(), std::size_t(1));
    QTRY_VERIFY(!document.value("test[0].columns").is_null());
    QVERIFY(designer.page("data")->row("test[0].path"));
    designer.showPage("evaluation");
    auto type = [&](const QString& key, const QString& text) {
        auto* line = designer.page("evaluation")->row(key)->editor()->findChild<QLineEdit*>();
        line->clear();
        QTest::keyClicks(line, text);
        document.endTyping();
    };
    type("early_stopping.patience", "3");
    QCOMPARE(document.experiment().earlyStopping.value().patience, std::int64_t(3));
    type("early_stopping.threshold", "0.01");
    QCOMPARE(document.experiment().earlyStopping.value().threshold, 0.01);
    QCOMPARE(document.experiment().earlyStopping.value().patience, std::int64_t(3));
    const Experiment with = document.experiment();
    document.setValue("early_stopping", Json());
    QVERIFY(!document.experiment().earlyStopping);
    bool named = false;
    for (const SettingDifference& one : settingDifferences(document.experiment(), with))
        named = named || one.key.startsWith("early_stopping");
    QVERIFY(named);
    document.replace("Back", with);
    QVERIFY(document.experiment().earlyStopping.has_value());
    QCOMPARE(document.experiment().test.size(), std::size_t(1));
}

QTEST_MAIN(TestDesignerPages)
#include "tst_designerpages.moc"
