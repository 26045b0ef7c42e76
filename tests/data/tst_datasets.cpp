#include "data/dataset.h"
#include "data/prompts.h"
#include "data/routes.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <QByteArray>
#include <QTest>

using namespace studio;

namespace {

DataSpec specOf(const test::TempFolder& folder, const std::string& name, const std::string& contents)
{
    test::writeFile(folder / name, contents);
    DataSpec spec;
    spec.name = "set";
    spec.path = (folder / name).string();
    return spec;
}

std::string errorOf(const DataSpec& spec)
{
    const auto dataset = openDataset(spec);
    return dataset.ok() ? "no error" : dataset.error().text();
}

std::string codes(const Dataset& dataset)
{
    std::string out;
    for (const auto& issue : dataset.issues())
        out += issue.code + " ";
    return out;
}

bool contains(const std::string& text, const std::string& part)
{
    if (text.find(part) != std::string::npos) return true;
    qWarning("%s", text.c_str());
    return false;
}

} // namespace

class TestDatasets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bundledSample()
    {
        DataSpec spec;
        spec.name = "sts-train";
        spec.path = (test::sourceFolder() / "resources/data/stsb-open/en-train.csv").string();
        spec.columns = {{"sentence1", "sentence1"}, {"sentence2", "sentence2"}, {"score", "score"}};
        spec.scoreDivisor = 5;
        const auto dataset = openDataset(spec);
        QVERIFY2(dataset.ok(), dataset.ok() ? "" : dataset.error().text().c_str());
        QCOMPARE(dataset->rows(), 2999);
        QCOMPARE(dataset->inputs(), (std::vector<std::string>{"sentence1", "sentence2"}));
        QCOMPARE(std::string(dataset->text(0, 0)),
                 std::string("Two green and white trains sitting on the tracks."));
        QCOMPARE(dataset->labelKind(), ColumnKind::Real);
        QCOMPARE(dataset->label(0), 4.4 / 5);
        QVERIFY(dataset->issues().empty());
    }

    void rolesByOrderWithoutColumns()
    {
        test::TempFolder folder;
        const auto dataset = openDataset(
            specOf(folder, "x.csv", "label,negative,anchor,doc_id,score\n1,n,a,17,0.5\n0,m,b,18,1\n"));
        QVERIFY(dataset.ok());
        QCOMPARE(dataset->inputs(), (std::vector<std::string>{"negative", "anchor", "doc_id", "score"}));
        QCOMPARE(dataset->labelColumn(), std::string("label"));
        QCOMPARE(dataset->labelKind(), ColumnKind::Integer);
        QCOMPARE(codes(*dataset),
                 std::string("data.column_order data.column_order data.id_column data.second_label "));
    }

    void rolesByName()
    {
        test::TempFolder folder;
        auto spec = specOf(folder, "x.csv", "q,a,other,sim\nwho,me,x,3\nwhat,it,y,1.5\n");
        spec.columns = {{"positive", "a"}, {"anchor", "q"}, {"score", "sim"}};
        const auto dataset = openDataset(spec);
        QVERIFY(dataset.ok());
        QCOMPARE(dataset->inputs(), (std::vector<std::string>{"a", "q"}));
        QCOMPARE(dataset->inputRoles(), (std::vector<std::string>{"positive", "anchor"}));
        QCOMPARE(std::string(dataset->text(1, 1)), std::string("what"));
        QCOMPARE(dataset->labelKind(), ColumnKind::Real);
        QCOMPARE(dataset->label(0), 3.0);
        QCOMPARE(codes(*dataset), std::string("data.column_order data.column_order "));

        spec.columns = {{"anchor", "q"}, {"positive", "q"}}; // the same column twice, as in SimCSE
        QCOMPARE(openDataset(spec)->inputs(), (std::vector<std::string>{"q", "q"}));
    }

    void ranges()
    {
        test::TempFolder folder;
        auto spec = specOf(folder, "x.csv", "a,label\nr0,0\nr1,1\nr2,2\nr3,bad\n");
        spec.rows = {1, 3}; // the bad row lies behind the range and is not read
        const auto dataset = openDataset(spec);
        QVERIFY2(dataset.ok(), dataset.ok() ? "" : dataset.error().text().c_str());
        QCOMPARE(dataset->rows(), 2);
        QCOMPARE(std::string(dataset->text(0, 0)), std::string("r1"));
        QCOMPARE(dataset->label(1), 2.0);
        QCOMPARE(dataset->lineOf(0), 3);
        spec.rows = {7, 9};
        QVERIFY(contains(errorOf(spec), "has only 4 rows"));
        spec.rows = {2, 2};
        QVERIFY(contains(errorOf(spec), "is empty. The end must be above the start"));
        test::writeFile(folder / "x.csv", "a,label\nr0,0\nr1,1\n");
        spec.rows = {0, 9};
        QCOMPARE(codes(*openDataset(spec)), std::string("data.rows_beyond "));
    }

    void textClasses()
    {
        test::TempFolder folder;
        auto spec = specOf(folder, "x.tsv", "label\ttext\nneutral\ta\nentailment\tb\nneutral\tc\n");
        auto dataset = openDataset(spec);
        QVERIFY(dataset.ok());
        QCOMPARE(dataset->labelNames(), (std::vector<std::string>{"entailment", "neutral"}));
        QCOMPARE(dataset->label(0), 1.0);
        spec.labels = {"neutral", "entailment", "contradiction"};
        dataset = openDataset(spec);
        QCOMPARE(dataset->label(0), 0.0);
        QCOMPARE(dataset->labelKind(), ColumnKind::Integer);
        QCOMPARE(dataset->labelNames().size(), std::size_t{3});
        spec.labels = {"neutral"};
        QVERIFY(contains(errorOf(spec),
                         "x.tsv: line 3 has the label \"entailment\", which is not in the list of labels"));
        spec.labels = {"neutral", "neutral"};
        QVERIFY(contains(errorOf(spec), "twice"));

        auto ids = specOf(folder, "y.csv", "text,label\na,0\nb,2\n");
        ids.labels = {"x", "y", "z"};
        QCOMPARE(openDataset(ids)->label(1), 2.0);
        ids.labels = {"x", "y"};
        QVERIFY(contains(errorOf(ids), "line 3 has the label 2, but 2 labels are named (0 to 1)"));
        ids.labels = {"2", "0"}; // named as they stand in the file
        QCOMPARE(openDataset(ids)->label(0), 1.0);
    }

    void listLabels()
    {
        test::TempFolder folder;
        auto spec = specOf(folder, "x.jsonl",
                           "{\"q\": \"a\", \"label\": [1, 2]}\n{\"q\": \"b\", \"label\": [3, 4.5]}\n");
        spec.scoreDivisor = 2;
        const auto dataset = openDataset(spec);
        QVERIFY2(dataset.ok(), dataset.ok() ? "" : dataset.error().text().c_str());
        QCOMPARE(dataset->labelKind(), ColumnKind::List);
        QCOMPARE(dataset->labelList(1)[1], 2.25);
        auto ragged = specOf(folder, "y.jsonl",
                             "{\"q\": \"a\", \"label\": [1, 2]}\n\n{\"q\": \"b\", \"label\": [3]}\n");
        QVERIFY(contains(errorOf(ragged),
                         "line 3 has 1 numbers in the label column \"label\", the first row has 2"));
    }

    void errors_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* title, const char* name, const char* text, const char* expected) {
            QTest::newRow(title) << QByteArray(name) << QByteArray(text) << QByteArray(expected);
        };
        row("no rows", "x.csv", "a,b\n", "x.csv has no rows");
        row("no rows in jsonl", "x.jsonl", "\n", "x.jsonl has no rows");
        row("only a label", "x.csv", "label\n1\n", "x.csv has no input column, only a label");
        row("reserved", "x.csv", "a,return_loss\nx,1\n", "\"return_loss\" is reserved");
        row("score is a word", "x.csv", "a,score\nx,1\ny,high\n",
            "Cannot use x.csv: line 3 has \"high\" in the label column \"score\", which is no number");
        row("a word among numbers", "x.csv", "a,label\nx,1\ny,2\nz,oops\n",
            "line 4 has \"oops\" in the label column \"label\", which is no number");
        row("infinite", "x.csv", "a,score\nx,1\ny,inf\n", "line 3 has \"inf\"");
        row("empty label", "x.csv", "a,label\nx,1\ny,\n",
            "line 3 has no value in the label column \"label\"");
        row("null input", "x.jsonl", "{\"a\": \"x\"}\n{\"b\": \"y\", \"a\": \"z\"}\n",
            "line 1 has no value in the column \"b\"");
        row("list input", "x.jsonl", "{\"a\": [1]}\n", "holds lists of numbers, an input must be text");
        row("nested input", "x.jsonl", "{\"a\": {}}\n", "holds nested values, an input must be text");
        row("nested label", "x.jsonl", "{\"a\": \"x\", \"label\": [[1]]}\n", "holds nested values");
    }
    void errors()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, expected);
        test::TempFolder folder;
        QVERIFY(contains(errorOf(specOf(folder, name.toStdString(), text.toStdString())),
                         expected.toStdString()));
    }

    void wrongRole()
    {
        test::TempFolder folder;
        auto spec = specOf(folder, "x.csv", "a,b\nx,y\n");
        spec.columns = {{"anchor", "a"}, {"positive", "c"}};
        QCOMPARE(errorOf(spec), std::string("x.csv has no column \"c\". Its columns are: a, b. Choose one of "
                                            "them under Data › Columns."));
        spec.columns = {{"anchor", "a"}, {"anchor", "b"}};
        QVERIFY(contains(errorOf(spec), "The role \"anchor\" is given twice"));
        spec.columns = {{"anchor", "a"}};
        spec.path += "x";
        QVERIFY(contains(errorOf(spec), "is not known from its name"));
        spec.path = (folder / "gone.csv").string();
        QVERIFY(contains(errorOf(spec), "Cannot find"));
        auto classes = specOf(folder, "z.csv", "a,label\nx,p\n");
        classes.scoreDivisor = 5;
        QVERIFY(contains(errorOf(classes), "holds classes, which a score divisor cannot divide"));
    }

    void numbersAsText()
    {
        test::TempFolder folder;
        const auto dataset = openDataset(
            specOf(folder, "x.jsonl", "{\"a\": 12, \"b\": 0.1}\n{\"a\": 9007199254740993, \"b\": 2}\n"));
        QVERIFY(dataset.ok());
        QCOMPARE(std::string(dataset->text(0, 1)), std::string("9007199254740993"));
        QCOMPARE(std::string(dataset->text(1, 0)), std::string("0.1"));
        QCOMPARE(codes(*dataset), std::string("data.numbers_as_text data.numbers_as_text "));
    }

    void copiesShareTheTable()
    {
        test::TempFolder folder;
        auto dataset = openDataset(specOf(folder, "x.csv", "a,label\nx,1\n"));
        const Dataset copy = *dataset;
        dataset = Error{};
        QCOMPARE(std::string(copy.text(0, 0)), std::string("x"));
        QCOMPARE(copy.label(0), 1.0);
    }

    void prompts_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<QByteArray>("dataset");
        QTest::addColumn<QByteArray>("column");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* title, const char* json, const char* dataset, const char* column,
                            const char* expected) {
            QTest::newRow(title) << QByteArray(json) << QByteArray(dataset) << QByteArray(column)
                                 << QByteArray(expected);
        };
        row("none", "null", "", "a", "");
        row("one text", "\"p: \"", "", "a", "p: ");
        row("one text, several sets", "\"p: \"", "d", "a", "p: ");
        row("by column", R"({"a": "A: "})", "", "a", "A: ");
        row("by column, other", R"({"a": "A: "})", "", "b", "");
        row("by column, several sets", R"({"a": "A: "})", "d", "a", "A: ");
        row("by set", R"({"d": "D: ", "a": "A: "})", "d", "a", "D: ");
        row("by set, other set", R"({"d": "D: "})", "e", "a", "");
        row("nested", R"({"d": {"a": "DA: "}, "a": "A: "})", "d", "a", "DA: ");
        row("nested, other column", R"({"d": {"a": "DA: "}, "b": "B: "})", "d", "b", "");
        row("nested, unnamed", R"({"d": {"a": "DA: "}})", "", "a", "error: the only data set has no name");
        row("number", "3", "", "a", "error: must be a text");
        row("number inside", R"({"a": 3})", "", "a", "error: \"a\" does not");
        row("list inside", R"({"d": {"a": []}})", "d", "a", "error: \"a\" does not");
    }
    void prompts()
    {
        QFETCH(QByteArray, json);
        QFETCH(QByteArray, dataset);
        QFETCH(QByteArray, column);
        QFETCH(QByteArray, expected);
        const auto prompt =
            promptFor(Json::parse(json.toStdString()), dataset.toStdString(), column.toStdString());
        if (expected.startsWith("error: "))
            QVERIFY(!prompt.ok() && contains(prompt.error().message, expected.mid(7).toStdString()));
        else
            QCOMPARE(prompt.ok() ? *prompt : prompt.error().message, expected.toStdString());
    }

    void promptsByRole()
    {
        test::TempFolder folder;
        auto spec = specOf(folder, "x.csv", "q,p\nx,y\n");
        spec.columns = {{"anchor", "q"}, {"positive", "p"}};
        const auto dataset = openDataset(spec);
        const auto prompts =
            promptsFor(Json::parse(R"({"anchor": "query: ", "p": "passage: "})"), "", *dataset);
        QVERIFY(prompts.ok());
        QCOMPARE(*prompts, (std::vector<std::string>{"query: ", "passage: "}));
    }

    void routes_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<QByteArray>("expected"); ///< route of q, route of p
        QTest::newRow("none") << QByteArray("{}") << QByteArray(",");
        QTest::newRow("null") << QByteArray("null") << QByteArray(",");
        QTest::newRow("by column") << QByteArray(R"({"q": "query", "p": "document"})") << QByteArray("query,document");
        QTest::newRow("by role") << QByteArray(R"({"anchor": "query"})") << QByteArray("query,");
        QTest::newRow("by set") << QByteArray(R"({"nq": {"q": "query"}, "other": {"q": "x"}})") << QByteArray("query,");
        QTest::newRow("another set") << QByteArray(R"({"other": {"q": "x"}})") << QByteArray(",");
        QTest::newRow("list") << QByteArray("[1]") << QByteArray("error: must be an object");
        QTest::newRow("number") << QByteArray(R"({"p": 3})") << QByteArray("error: \"p\" has another value");
        QTest::newRow("mixed") << QByteArray(R"({"x": {}, "nq": "query"})") << QByteArray("error: \"nq\" has another value");
    }
    void routes()
    {
        QFETCH(QByteArray, json);
        QFETCH(QByteArray, expected);
        test::TempFolder folder;
        auto spec = specOf(folder, "x.csv", "q,p\nx,y\n");
        spec.columns = {{"anchor", "q"}, {"positive", "p"}};
        const auto dataset = openDataset(spec);
        const auto routes = routesFor(Json::parse(json.toStdString()), "nq", *dataset);
        if (expected.startsWith("error: "))
            QVERIFY(!routes.ok() && contains(routes.error().message, expected.mid(7).toStdString()));
        else
            QCOMPARE((*routes)[0] + "," + (*routes)[1], expected.toStdString());
    }
};

QTEST_APPLESS_MAIN(TestDatasets)
#include "tst_datasets.moc"
