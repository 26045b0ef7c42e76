// The keyboard alone: on every page each control is reached with Tab, and says its name and what it does.

#include "support/testfiles.h"
#include "ui/app/mainwindow.h"
#include "ui/designer/comparedialog.h"
#include "ui/designer/datapage.h"
#include "ui/designer/datasummary.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/diffdialog.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/helppanel.h"
#include "ui/designer/presetlibrary.h"
#include "ui/designer/presetname.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/lengthhistogram.h"

#include <QAccessible>
#include <QAction>
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QSet>
#include <QThreadPool>
#include <QToolButton>
#include <QtTest>

using namespace studio;

class TestKeyboard : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void everyPage_data();
    void everyPage();
    void dialogsToo();
    void editsWithoutAMouse();
    void helpWithF1();

private:
    static QString placeOf(const QWidget* widget)
    {
        QString path;
        for (const QWidget* w = widget; w; w = w->parentWidget())
            path.prepend(QStringLiteral("/%1(%2)").arg(w->metaObject()->className(), w->objectName()));
        return path;
    }
    /// Widgets inside `root` that Tab should stop at now.
    static QList<QWidget*> stops(QWidget* root)
    {
        QList<QWidget*> found;
        for (QWidget* widget : root->findChildren<QWidget*>()) {
            if (!(widget->focusPolicy() & Qt::TabFocus) || widget->focusProxy()) continue;
            if (!widget->isVisible() || !widget->isEnabled()) continue;
            if (widget->inherits("QLabel")) continue; // selectable text
            // Parts of spin boxes and combo boxes: their owner takes the keyboard and speaks for them.
            const QWidget* owner = widget->parentWidget();
            if (owner && (owner->inherits("QAbstractSpinBox") || owner->inherits("QComboBox") ||
                          owner->inherits("QComboBoxPrivateContainer"))) {
                continue;
            }
            found << widget;
        }
        return found;
    }
    static QStringList nameless(QWidget* root)
    {
        QStringList bad;
        for (QWidget* widget : stops(root)) {
            QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
            if (!spoken || spoken->text(QAccessible::Name).trimmed().isEmpty())
                bad << "no name: " + placeOf(widget);
            else if (spoken->text(QAccessible::Description).trimmed().isEmpty())
                bad << "no description: " + spoken->text(QAccessible::Name) + " " + placeOf(widget);
        }
        return bad;
    }

    test::TempFolder m_folder;
};

void TestKeyboard::initTestCase()
{
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"})
        qputenv(name, (m_folder / name).string().c_str());
    QCoreApplication::setOrganizationName("sentence-studio");
    QCoreApplication::setApplicationName("keyboard");
    std::string rows = "sentence1,sentence2,score\n";
    for (int i = 0; i < 60; ++i)
        rows += "a cat " + std::to_string(i % 40) + ",a dog " + std::to_string(i % 40) + "," +
                std::to_string(i % 5) + "\n";
    test::writeFile(m_folder / "pairs.csv", rows);
    test::writeFile(m_folder / "model" / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ncat\ndog\n");
    test::writeFile(m_folder / "model" / "config.json",
                    R"({"architectures":["BertModel"],"num_hidden_layers":2,"hidden_size":32,
                        "num_attention_heads":2,"vocab_size":8,"max_position_embeddings":64})");
    test::writeFile(m_folder / "model" / "model.safetensors", "weights");
    const std::string data = R"([{"name":"NAME","path":"pairs.csv","columns":{"sentence1":"sentence1",
        "sentence2":"sentence2","score":"score"},"score_divisor":4LOSS}])";
    const auto list = [&](const std::string& name, const std::string& loss) {
        std::string text = data;
        text.replace(text.find("NAME"), 4, name);
        text.replace(text.find("LOSS"), 4, loss);
        return text;
    };
    test::writeFile(
        m_folder / "walk.experiment.json",
        R"({"format":"sentence-studio/experiment","version":1,"name":"walk","model":{"path":"model"},
                        "train":)" +
            list("train", R"(,"loss":{"type":"CosineSimilarityLoss"})") + R"(,"eval":)" + list("dev", "") +
            R"(,"evaluators":[{"type":"EmbeddingSimilarityEvaluator","data":"dev"}],
                        "arguments":{"learning_rate":0.5,"eval_strategy":"steps","prompts":{"anchor":"query: "},
                        "lr_scheduler_type":"polynomial","lr_scheduler_kwargs":{"power":2.0}}})");
}

void TestKeyboard::init()
{
    QLocale::setDefault(QLocale::c());
    dialogs::setScripted(true);
}

void TestKeyboard::everyPage_data()
{
    QTest::addColumn<QString>("page");
    MainWindow window;
    for (const QString& id : window.designer()->pageIds())
        QTest::newRow(qPrintable(id)) << id;
}

void TestKeyboard::everyPage()
{
    QFETCH(QString, page);
    MainWindow window;
    QVERIFY(window.openFile(QString::fromStdString((m_folder / "walk.experiment.json").string())));
    window.resize(1280, 900);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    window.activateWindow();
    for (auto* box : window.designer()->findChildren<QCheckBox*>()) {
        if (box->text().contains("dvanced")) box->setChecked(true);
    }
    window.designer()->showPage(page);
    FormPage* shown = window.designer()->page(page);
    if (page == QLatin1String("data")) {
        // The whole page with everything found out: histogram, balance, lists of rows.
        for (auto* summary : shown->findChildren<DataSummary*>())
            QTRY_VERIFY_WITH_TIMEOUT(summary->histogram()->isVisible(), 10000);
        for (auto* button : shown->findChildren<QToolButton*>()) {
            if (button->text() == "Show These Rows" && button->isVisible()) button->click();
        }
    }
    QThreadPool::globalInstance()->waitForDone();
    QCoreApplication::processEvents();

    const QStringList bad = nameless(&window);
    QVERIFY2(bad.isEmpty(), qPrintable(bad.mid(0, 12).join('\n')));

    // Tab goes through them all and comes back.
    const QList<QWidget*> wanted = stops(shown);
    QVERIFY(wanted.size() >= 2);
    QSet<const QWidget*> met;
    QStringList way;
    wanted.first()->setFocus(Qt::TabFocusReason);
    for (int i = 0; i < 600; ++i) {
        QWidget* now = QApplication::focusWidget();
        QVERIFY(now);
        way << (now->accessibleName().isEmpty() ? now->metaObject()->className() : now->accessibleName());
        for (const QWidget* w = now; w; w = w->parentWidget())
            met.insert(w);
        QTest::keyClick(now, Qt::Key_Tab);
        if (QApplication::focusWidget() == wanted.first()) break;
    }
    QStringList missed;
    for (const QWidget* widget : wanted) {
        if (!met.contains(widget)) missed << placeOf(widget);
    }
    if (!missed.isEmpty()) qInfo("Tab went: %s", qPrintable(way.join(" > ")));
    QVERIFY2(missed.isEmpty(), qPrintable(missed.mid(0, 8).join('\n')));
}

void TestKeyboard::dialogsToo()
{
    ExperimentDocument document;
    document.setValue("learning_rate", 1e-05);
    document.setValue("seed", 3);
    DiffDialog diff({"Title", "Text", "Left", "Right", {"Apply", "Cancel"}, 0, {"A remark."}},
                    settingDifferences(Experiment(), document.experiment()), true);
    const PresetLibrary library(QString{});
    PresetNameDialog name(library, document.experiment());
    CompareDialog compare(&document, compareSources(&document, QString(), {}));
    for (QDialog* dialog :
         {static_cast<QDialog*>(&diff), static_cast<QDialog*>(&name), static_cast<QDialog*>(&compare)}) {
        dialog->show();
        QVERIFY(QTest::qWaitForWindowExposed(dialog));
        for (QWidget* widget : stops(dialog)) {
            QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(spoken && !spoken->text(QAccessible::Name).trimmed().isEmpty(),
                     qPrintable(placeOf(widget)));
        }
        QTest::keyClick(dialog, Qt::Key_Escape);
        QVERIFY(!dialog->isVisible());
    }
}

void TestKeyboard::editsWithoutAMouse()
{
    MainWindow window;
    QVERIFY(window.openFile(QString::fromStdString((m_folder / "walk.experiment.json").string())));
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    window.activateWindow();
    // Find a setting, change it, undo it.
    QTest::keyClick(&window, Qt::Key_F, Qt::ControlModifier);
    QTRY_VERIFY(QApplication::focusWidget() && QApplication::focusWidget()->inherits("QLineEdit"));
    QTest::keyClicks(QApplication::focusWidget(), "weight decay");
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    const auto* page = window.designer()->page(window.designer()->currentPage());
    QVERIFY(page->owns("weight_decay"));
    QTRY_VERIFY(page->row("weight_decay")->isAncestorOf(QApplication::focusWidget()));
    QWidget* field = QApplication::focusWidget();
    QTest::keyClick(field, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(field, "0.01");
    QCOMPARE(window.document()->value("weight_decay").get<double>(), 0.01);
    QTest::keyClick(field, Qt::Key_Up);
    QVERIFY(window.document()->value("weight_decay").get<double>() > 0.01);
    window.document()->undoStack()->undo();
    QCOMPARE(window.document()->value("weight_decay").get<double>(), 0.0);
}

void TestKeyboard::helpWithF1()
{
    MainWindow window;
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    window.activateWindow();
    DesignerPage* designer = window.designer();
    designer->reveal("eval_strategy", "set_evaluate");
    QTRY_VERIFY(QApplication::focusWidget());
    QVERIFY(!designer->help()->isVisible());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_F1);
    QTRY_VERIFY(designer->help()->isVisible());
    QCOMPARE(designer->help()->key(), QString("eval_strategy"));
    const QString text = designer->help()->text();
    for (const char* part : {"eval_strategy", "Default", "Choices", "epoch", "set_evaluate()"})
        QVERIFY2(text.contains(part), qPrintable(text));
    designer->reveal("learning_rate"); // it follows the keyboard
    QTRY_COMPARE(designer->help()->key(), QString("learning_rate"));
    designer->reveal("model.path");
    QTRY_COMPARE(designer->help()->key(), QString("model.path"));
    QVERIFY(designer->help()->text().contains("${cache}"));
    QTest::keyClick(designer->help(), Qt::Key_Escape);
    QVERIFY(!designer->help()->isVisible());
    QVERIFY(!designer->helpAction()->isChecked());
}

QTEST_MAIN(TestKeyboard)
#include "tst_keyboard.moc"
