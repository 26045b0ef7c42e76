// Editors that are small tables: settings as key and value, prompts by data set and column.

#include "ui/widgets/lengthhistogram.h"
#include "ui/widgets/pairsfield.h"
#include "ui/widgets/promptsfield.h"

#include <QMenu>
#include <QSignalSpy>
#include <QTableWidget>
#include <QToolButton>
#include <QtTest>

using namespace studio;

class TestTableFields : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pairsRoundTrip_data();
    void pairsRoundTrip();
    void pairsAsText();
    void pairsRefuseKindly();
    void knownKeysAreOffered();
    void rowsByKeyboard();
    void promptsRoundTrip_data();
    void promptsRoundTrip();
    void promptsTellSetsFromColumns();
    void promptsMixedForms();
    void histogramByMouseAndKeys();

private:
    static void put(RowTable& field, int row, int column, const QString& text)
    {
        field.table()->item(row, column)->setText(text);
    }
    static void add(RowTable& field)
    {
        for (auto* button : field.findChildren<QToolButton*>()) {
            if (button->property("verb").toString() == "Add a row") button->click();
        }
    }
};

void TestTableFields::pairsRoundTrip_data()
{
    QTest::addColumn<QString>("json");
    QTest::addColumn<int>("rows");
    QTest::newRow("null") << "null" << 0;
    QTest::newRow("empty") << "{}" << 0;
    QTest::newRow("numbers") << R"({"num_cycles":2,"lr_end":1e-07})" << 2;
    QTest::newRow("word") << R"({"decay_type":"cosine"})" << 1;
    QTest::newRow("text like a number") << R"({"name":"12"})" << 1;
    QTest::newRow("nested") << R"({"a":{"b":[1,null]},"c":true})" << 2;
    QTest::newRow("object as text") << R"("{\"num_cycles\": 2}")" << 1;
}

void TestTableFields::pairsRoundTrip()
{
    QFETCH(QString, json);
    QFETCH(int, rows);
    const Json value = Json::parse(json.toStdString());
    PairsField field(PairsField::Form::Object, "Setting", "Value");
    QSignalSpy edited(&field, &FieldEditor::edited);
    field.setValue(value);
    QCOMPARE(field.value(), value);
    QCOMPARE(field.table()->rowCount(), rows);
    QCOMPARE(edited.count(), 0);
    QVERIFY(field.problem().isEmpty());
    if (rows == 0 || value.is_string()) return;
    // Touching a cell without changing it gives the same object from what the table shows.
    put(field, 0, 1, "0");
    put(field, 0, 1,
        QString::fromStdString(value.begin()->is_string() && value.begin()->get<std::string>() != "12"
                                   ? value.begin()->get<std::string>()
                                   : value.begin()->dump()));
    QCOMPARE(field.value(), value);
}

void TestTableFields::pairsAsText()
{
    PairsField field(PairsField::Form::Text, "Setting", "Value");
    field.setValue("rank=64, update_proj_gap=100");
    QCOMPARE(field.table()->rowCount(), 2);
    QCOMPARE(field.table()->item(1, 0)->text(), QString("update_proj_gap"));
    QCOMPARE(field.value(), Json("rank=64, update_proj_gap=100")); // untouched: as it came
    put(field, 0, 1, "32");
    QCOMPARE(field.value(), Json("rank=32,update_proj_gap=100"));
    put(field, 0, 1, "1,2");
    QVERIFY(field.problem().contains("comma"));
    QCOMPARE(field.value(), Json("rank=32,update_proj_gap=100"));
    put(field, 0, 1, "32");
    field.show();
    QVERIFY(QTest::qWaitForWindowActive(&field));
    field.table()->setFocus();
    field.table()->setCurrentCell(0, 0);
    QTest::keyClick(field.table(), Qt::Key_Delete);
    field.table()->setCurrentCell(0, 0);
    QTest::keyClick(field.table(), Qt::Key_Delete);
    QVERIFY(field.value().is_null());
}

void TestTableFields::pairsRefuseKindly()
{
    PairsField field(PairsField::Form::Object, "Setting", "Value");
    field.setValue(Json{{"a", 1}});
    QSignalSpy problems(&field, &FieldEditor::problemChanged);
    add(field);
    QVERIFY(field.problem().isEmpty()); // an empty row is being begun
    put(field, 1, 0, "a");
    QVERIFY(!field.problem().isEmpty());
    QCOMPARE(problems.count(), 0); // not while one types
    QTRY_COMPARE_WITH_TIMEOUT(problems.count(), 1, 1000);
    put(field, 1, 1, "2");
    QVERIFY2(field.problem().contains("twice"), qPrintable(field.problem()));
    QCOMPARE(field.value(), (Json{{"a", 1}}));
    put(field, 1, 0, "b");
    QVERIFY(field.problem().isEmpty());
    QCOMPARE(field.value(), (Json{{"a", 1}, {"b", 2}}));
    QCOMPARE(field.table()->item(1, 0)->text(), QString("b"));
}

void TestTableFields::knownKeysAreOffered()
{
    PairsField field(PairsField::Form::Object, "Setting", "Value");
    field.setKnown({{"power", "1.0", "Bend of the curve."}, {"lr_end", "1e-07", "Rate at the end."}});
    QMenu* menu = nullptr;
    for (auto* button : field.findChildren<QToolButton*>()) {
        if (button->menu()) menu = button->menu();
    }
    QVERIFY(menu);
    QCOMPARE(menu->actions().size(), 4); // two keys, a line, another key
    QVERIFY(menu->actions().at(1)->text().contains("Rate at the end."));
    menu->actions().at(1)->trigger();
    QCOMPARE(field.value(), (Json{{"lr_end", 1e-07}}));
    menu->actions().at(1)->trigger(); // there already
    QCOMPARE(field.table()->rowCount(), 1);
    field.setKnown({});
    QVERIFY(field.problem().isEmpty());
}

void TestTableFields::rowsByKeyboard()
{
    PromptsField field(PromptsField::Levels::Columns);
    field.setNames("Prompts", "help");
    field.show();
    QVERIFY(QTest::qWaitForWindowActive(&field));
    field.table()->setFocus();
    QTest::keyClick(field.table(), Qt::Key_Insert);
    QCOMPARE(field.table()->rowCount(), 1);
    QWidget* cell = QApplication::focusWidget();
    QVERIFY2(cell && cell->inherits("QLineEdit"), "the new cell is being edited");
    QTest::keyClicks(cell, "anchor");
    QTest::keyClick(cell, Qt::Key_Return);
    QCoreApplication::processEvents(); // the view closes its editor from the event loop
    QCOMPARE(field.table()->item(0, 0)->text(), QString("anchor"));
    field.table()->setCurrentCell(0, 1);
    field.table()->setFocus();
    QTest::keyClicks(field.table(), "q");
    cell = QApplication::focusWidget();
    QTest::keyClicks(cell, "uery: ");
    QTest::keyClick(cell, Qt::Key_Return);
    QCoreApplication::processEvents();
    QCOMPARE(field.table()->item(0, 1)->text(), QString("query: "));
    QCOMPARE(field.value(), (Json{{"anchor", "query: "}}));
    for (auto* button : field.findChildren<QToolButton*>())
        QVERIFY2(button->accessibleName().contains("Prompts"), qPrintable(button->accessibleName()));
}

void TestTableFields::promptsRoundTrip_data()
{
    QTest::addColumn<QString>("json");
    QTest::addColumn<int>("rows");
    QTest::newRow("none") << "null" << 0;
    QTest::newRow("one text") << R"("query: ")" << 1;
    QTest::newRow("by column") << R"({"anchor":"query: ","positive":"passage: "})" << 2;
    QTest::newRow("by set") << R"({"nli":"nli: ","qa":""})" << 2;
    QTest::newRow("by set and column") << R"({"nli":{"a":"x","b":"y"},"qa":{"a":"z"}})" << 3;
}

void TestTableFields::promptsRoundTrip()
{
    QFETCH(QString, json);
    QFETCH(int, rows);
    const Json value = Json::parse(json.toStdString());
    PromptsField field(PromptsField::Levels::SetsAndColumns);
    field.setDataSets({"nli", "qa"});
    field.setValue(value);
    QCOMPARE(field.value(), value);
    QCOMPARE(field.table()->rowCount(), rows);
    if (rows == 0) return;
    QSignalSpy edited(&field, &FieldEditor::edited);
    const QString before = field.table()->item(0, 2)->text();
    put(field, 0, 2, "other");
    QCOMPARE(edited.count(), 1);
    QVERIFY(field.value() != value);
    put(field, 0, 2, before);
    QCOMPARE(field.value(), value);
}

void TestTableFields::promptsTellSetsFromColumns()
{
    PromptsField field(PromptsField::Levels::SetsAndColumns);
    field.setValue(Json{{"nli", "nli: "}});
    QCOMPARE(field.table()->item(0, 1)->text(), QString("nli")); // no set is called so: a column
    field.setDataSets({"nli"});
    QCOMPARE(field.table()->item(0, 0)->text(), QString("nli"));
    QCOMPARE(field.value(), (Json{{"nli", "nli: "}}));
}

void TestTableFields::promptsMixedForms()
{
    PromptsField field(PromptsField::Levels::SetsAndColumns);
    field.setValue(Json{{"anchor", "query: "}});
    add(field);
    put(field, 1, 2, "for all");
    QVERIFY2(field.problem().contains("every row or in none"), qPrintable(field.problem()));
    QCOMPARE(field.value(), (Json{{"anchor", "query: "}}));
    put(field, 1, 1, "positive");
    QVERIFY(field.problem().isEmpty());
    QCOMPARE(field.value(), (Json{{"anchor", "query: "}, {"positive", "for all"}}));
    put(field, 1, 1, "anchor");
    QVERIFY(field.problem().contains("says again"));

    PromptsField routes(PromptsField::Levels::SetsAndColumns, "Route");
    routes.setColumnNeeded(true);
    routes.setEmptyValue(Json::object());
    routes.setValue(Json::object());
    add(routes);
    put(routes, 0, 2, "query");
    QVERIFY(routes.problem().contains("names no column"));
}

void TestTableFields::histogramByMouseAndKeys()
{
    LengthHistogram histogram;
    histogram.resize(400, 100);
    std::vector<std::int64_t> counts(101);
    counts[20] = 50;
    counts[100] = 50;
    histogram.setCounts(counts);
    histogram.setLimit(64);
    QVERIFY2(histogram.accessibleDescription().contains("50.0%"),
             qPrintable(histogram.accessibleDescription()));
    QSignalSpy moved(&histogram, &LengthHistogram::limitMoved);
    QSignalSpy set(&histogram, &LengthHistogram::limitSet);
    QTest::keyClick(&histogram, Qt::Key_Right);
    QCOMPARE(histogram.limit(), 65);
    QTest::keyClick(&histogram, Qt::Key_PageDown);
    QCOMPARE(histogram.limit(), 49);
    QTest::keyClick(&histogram, Qt::Key_End);
    QCOMPARE(histogram.limit(), 100);
    QCOMPARE(set.count(), 3);
    QTest::keyClick(&histogram, Qt::Key_Home);
    QTest::keyClick(&histogram, Qt::Key_Left); // not below one
    QCOMPARE(histogram.limit(), 1);
    QCOMPARE(moved.count(), 4);

    QTest::mousePress(&histogram, Qt::LeftButton, {}, QPoint(200, 40));
    const int middle = histogram.limit();
    QVERIFY2(middle > 45 && middle < 70, qPrintable(QString::number(middle)));
    QTest::mouseMove(&histogram, QPoint(100, 40));
    QVERIFY(histogram.limit() < middle);
    const auto before = set.count();
    QTest::mouseRelease(&histogram, Qt::LeftButton, {}, QPoint(100, 40));
    QCOMPARE(set.count(), before + 1);
    histogram.setMaximum(40);
    QTest::mouseClick(&histogram, Qt::LeftButton, {}, QPoint(390, 40));
    QCOMPARE(histogram.limit(), 40);
}

QTEST_MAIN(TestTableFields)
#include "tst_tablefields.moc"
