#include "ui/widgets/boolfield.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/jsonfield.h"
#include "ui/widgets/listfield.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/textfield.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QComboBox>
#include <QLineEdit>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QtTest>

using namespace studio;

class TestFieldEditors : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void numberKeepsWhatIsTyped();
    void numberMarksNonsenseAfterAPause();
    void numberStepsAndIgnoresThePlainWheel();
    void numberForms();
    void nullableNumber();
    void choices();
    void threeStates();
    void list();
    void jsonNamesThePlace();
    void path();
    void secretShowsNothing();

private:
    static QLineEdit* line(FieldEditor& field) { return field.findChild<QLineEdit*>(); }
};

void TestFieldEditors::init()
{
    QLocale::setDefault(QLocale::c());
    dialogs::setScripted(true);
}

void TestFieldEditors::numberKeepsWhatIsTyped()
{
    NumberField field(NumberField::Kind::Real);
    field.setValue(5e-05);
    QCOMPARE(field.text(), QString("5e-05"));
    QSignalSpy edited(&field, &FieldEditor::edited);
    line(field)->selectAll();
    QTest::keyClicks(line(field), "2e-5");
    QCOMPARE(field.value().get<double>(), 2e-05);
    QVERIFY(edited.count() >= 1);
    field.setValue(2e-05); // the document answers with the same value
    QCOMPARE(field.text(), QString("2e-5"));
    field.setRange(0, 1);
    line(field)->selectAll();
    QTest::keyClicks(line(field), "1234567,25"); // out of range: kept, the rules complain
    QCOMPARE(field.value().get<double>(), 1234567.25);
    QCOMPARE(field.text(), QString("1234567,25"));
}

void TestFieldEditors::numberMarksNonsenseAfterAPause()
{
    NumberField field(NumberField::Kind::Real);
    field.setValue(5e-05);
    QSignalSpy problems(&field, &FieldEditor::problemChanged);
    line(field)->selectAll();
    QTest::keyClicks(line(field), "abc");
    QCOMPARE(problems.count(), 0); // not while typing
    QTRY_COMPARE_WITH_TIMEOUT(problems.count(), 1, 1000);
    QVERIFY(problems.takeFirst().at(0).toString().contains("abc"));
    QCOMPARE(field.text(), QString("abc"));
    QCOMPARE(field.value().get<double>(), 5e-05); // the valid old value is kept
    line(field)->selectAll();
    QTest::keyClicks(line(field), "1");
    QCOMPARE(problems.count(), 1); // goes the moment it parses
    QCOMPARE(problems.takeFirst().at(0).toString(), QString());

    line(field)->selectAll();
    QTest::keyClicks(line(field), "1e");
    field.flush(); // Start does not wait for the pause
    QCOMPARE(problems.count(), 1);
    QTest::keyClick(line(field), Qt::Key_Escape);
    QCOMPARE(field.text(), QString("1"));
    QCOMPARE(problems.count(), 2);
}

void TestFieldEditors::numberStepsAndIgnoresThePlainWheel()
{
    NumberField field(NumberField::Kind::Real);
    field.setLogScale(true);
    field.setRange(0, 1);
    field.setValue(5e-05);
    QTest::keyClick(field.control(), Qt::Key_Up);
    QCOMPARE(field.text(), QString("0.0001"));
    QTest::keyClick(field.control(), Qt::Key_Down);
    QTest::keyClick(field.control(), Qt::Key_Down);
    QCOMPARE(field.text(), QString("2e-05"));

    const auto wheel = [&](Qt::KeyboardModifiers modifiers) {
        QWheelEvent event(QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), Qt::NoButton, modifiers,
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(field.control(), &event);
    };
    wheel(Qt::NoModifier);
    QCOMPARE(field.text(), QString("2e-05"));
    wheel(Qt::ControlModifier);
    QVERIFY(field.value().get<double>() > 2e-05);

    field.setValue(1.0);
    QTest::keyClick(field.control(), Qt::Key_Up); // steps stay in the range
    QCOMPARE(field.value().get<double>(), 1.0);
}

void TestFieldEditors::numberForms()
{
    NumberField either(NumberField::Kind::WholeOrReal);
    either.setText("500");
    QVERIFY(either.value().is_number_integer());
    either.setText("0.1");
    QVERIFY(either.value().is_number_float());

    NumberField whole(NumberField::Kind::Whole);
    whole.setValue(16);
    whole.setText("2.5");
    QVERIFY(whole.problem().contains("whole"));
    QCOMPARE(whole.value().get<int>(), 16);
    whole.setText("32");
    QVERIFY(whole.problem().isEmpty());
    whole.setUnit("rows");
    QCOMPARE(whole.text(), QString("32"));
}

void TestFieldEditors::nullableNumber()
{
    NumberField field(NumberField::Kind::Whole);
    field.setText("");
    QVERIFY(!field.problem().isEmpty());
    field.setNullable(true);
    field.setText("7");
    field.setText("");
    QVERIFY(field.problem().isEmpty());
    QVERIFY(field.value().is_null());
    field.setValue(3);
    QCOMPARE(field.text(), QString("3"));
    field.setValue(Json());
    QCOMPARE(field.text(), QString());
}

void TestFieldEditors::choices()
{
    ChoiceField field;
    field.setChoices({{"no", "", "Never."}, {"steps", "Steps", "Every so many steps."}});
    field.setNullable("Automatic");
    field.setValue("steps");
    QCOMPARE(field.value(), Json("steps"));
    field.setValue(Json());
    QVERIFY(field.value().is_null());
    field.setValue("future"); // unknown: shown and kept
    QCOMPARE(field.value(), Json("future"));
    auto* box = field.findChild<QComboBox*>();
    QVERIFY(box->currentText().contains("unknown"));
    QSignalSpy edited(&field, &FieldEditor::edited);
    box->setFocus();
    QTest::keyClick(box, Qt::Key_Up);
    QCOMPARE(edited.count(), 1);
    field.setChoiceEnabled("no", false, "Needs scores.");
    QVERIFY(!qobject_cast<QStandardItemModel*>(box->model())->item(1)->isEnabled());
}

void TestFieldEditors::threeStates()
{
    BoolField three("Automatic");
    three.setValue(Json());
    QVERIFY(three.value().is_null());
    three.setValue(false);
    QCOMPARE(three.value(), Json(false));
    BoolField two;
    two.setValue(true);
    QSignalSpy edited(&two, &FieldEditor::edited);
    QTest::keyClick(two.control(), Qt::Key_Space);
    QCOMPARE(two.value(), Json(false));
    QCOMPARE(edited.count(), 1);
}

void TestFieldEditors::list()
{
    ListField field;
    field.setNullable("All");
    const Json words = Json::array({"a", "b"});
    field.setValue(words);
    QCOMPARE(field.value(), words);
    QSignalSpy edited(&field, &FieldEditor::edited);
    qobject_cast<QAbstractItemView*>(field.control())
        ->setCurrentIndex(qobject_cast<QAbstractItemView*>(field.control())->model()->index(0, 0));
    QTest::keyClick(field.control(), Qt::Key_Delete);
    QCOMPARE(field.value(), Json::array({"b"}));
    QCOMPARE(edited.count(), 1);
    field.setValue(""); // the original's text form of an empty list stays what it is
    QCOMPARE(field.value(), Json(""));
    field.setValue(Json());
    QVERIFY(field.value().is_null());
}

void TestFieldEditors::jsonNamesThePlace()
{
    JsonField field;
    field.setText("{\n  \"a\": 1,\n  \"b\": ?\n}");
    QVERIFY2(field.problem().contains("Line 3, column 8"), qPrintable(field.problem()));
    QCOMPARE(field.value(), Json::object());
    field.setText("{\"a\": 1}");
    QVERIFY(field.problem().isEmpty());
    QCOMPARE(field.value(), Json({{"a", 1}}));
    field.setText("query: ");
    QVERIFY(!field.problem().isEmpty());
    field.setTextAllowed(true);
    field.setText("query:");
    QCOMPARE(field.value(), Json("query:"));
    field.setNullable(true);
    field.setText("");
    QVERIFY(field.value().is_null());
    field.setValue(Json({{"min_lr", 1e-06}}));
    QVERIFY(field.text().contains("1e-06"));
}

void TestFieldEditors::path()
{
    PathField field(PathField::Mode::Folder);
    field.setBaseFolder("/data/experiments");
    QSignalSpy edited(&field, &FieldEditor::edited);
    dialogs::answerPath("/data/experiments/models/mine");
    field.findChild<QAbstractButton*>()->click();
    QCOMPARE(field.value(), Json("models/mine"));
    dialogs::answerPath("/elsewhere");
    field.findChild<QAbstractButton*>()->click();
    QCOMPARE(field.value(), Json("/elsewhere"));
    dialogs::answerPath(QString()); // cancelled
    field.findChild<QAbstractButton*>()->click();
    QCOMPARE(field.value(), Json("/elsewhere"));
    QCOMPARE(edited.count(), 2);
}

void TestFieldEditors::secretShowsNothing()
{
    TextField field(TextField::Secret::Yes);
    field.setNullable(true);
    QTest::keyClicks(field.control(), "hf_x");
    QCOMPARE(field.value(), Json("hf_x"));
    QVERIFY(!field.lineEdit()->displayText().contains("hf"));
}

QTEST_MAIN(TestFieldEditors)
#include "tst_fieldeditors.moc"
