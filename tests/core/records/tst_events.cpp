#include "core/files/filesystem.h"
#include "core/records/events.h"
#include "support/testfiles.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace studio;

class TestEvents : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lineIsExact();
    void roundTrip_data();
    void roundTrip();
    void readsDamagedFile();
    void tornTailIsCutBeforeWriting();
    void resumeReplacesWhatWasBeyondIt();
};

void TestEvents::lineIsExact()
{
    Event event;
    event.kind = EventKind::Log;
    event.step = 10;
    event.epoch = 0.5;
    event.time = 1764000000.25;
    event.values = {{"loss", 0.1}, {"learning_rate", 2e-05}, {"grad_norm", std::nan("")}};
    const std::string log = R"({"event":"log","step":10,"epoch":0.5,"time":1764000000.25,)"
                            R"("values":{"loss":0.1,"learning_rate":2e-05,"grad_norm":"NaN"}})";
    QCOMPARE(eventToJsonLine(event), log);
    event = {};
    event.kind = EventKind::Finding;
    event.text = "line\nbreak \"quoted\" ä";
    const std::string finding =
        R"({"event":"finding","step":0,"epoch":0.0,"time":0.0,"text":"line\nbreak \"quoted\" ä"})";
    QCOMPARE(eventToJsonLine(event), finding);
}

void TestEvents::roundTrip_data()
{
    QTest::addColumn<int>("kind");
    for (int kind = 0; kind <= static_cast<int>(EventKind::Completed); ++kind) {
        QTest::newRow(eventName(static_cast<EventKind>(kind))) << kind;
    }
}

void TestEvents::roundTrip()
{
    QFETCH(int, kind);
    Event event;
    event.kind = static_cast<EventKind>(kind);
    event.step = 1234567890123;
    event.epoch = 1.0 / 3.0;
    event.time = 1764000000.123456;
    event.text = "tab\t, umlaut ö, control \x01";
    event.values = {{"z", 5e-324},
                    {"a", std::numeric_limits<double>::max()},
                    {"inf", HUGE_VAL},
                    {"minus", -HUGE_VAL},
                    {"eval_sts-dev_spearman_cosine", -0.0}};
    const auto back = eventFromJsonLine(eventToJsonLine(event));
    QVERIFY(back.ok());
    QVERIFY(back->kind == event.kind);
    QCOMPARE(back->step, event.step);
    QCOMPARE(back->epoch, event.epoch);
    QCOMPARE(back->time, event.time);
    QCOMPARE(back->text, event.text);
    QVERIFY(back->values == event.values);
    QVERIFY(std::signbit(back->values.back().second));
}

void TestEvents::readsDamagedFile()
{
    test::TempFolder temp;
    Event event;
    event.kind = EventKind::Log;
    std::string text;
    for (int step = 1; step <= 3; ++step) {
        event.step = step;
        text += eventToJsonLine(event) + "\n";
    }
    text += "garbage\n{\"event\":\"log\",\"step\":\"x\"}\n{\"event\":\"teleported\"}\n\n";
    event.step = 4;
    text += eventToJsonLine(event) + "\n" + eventToJsonLine(event).substr(0, 20);
    test::writeFile(temp / "events.jsonl", text);
    const auto read = readEvents(temp / "events.jsonl");
    QVERIFY(read.ok());
    QCOMPARE(read->events.size(), std::size_t(4));
    QCOMPARE(read->events.back().step, std::int64_t(4));
    QCOMPARE(read->damagedLines, std::size_t(2));
    QCOMPARE(read->unknownEvents, std::size_t(1));
    QCOMPARE(read->tornBytes, std::uint64_t(20));
    QVERIFY(read->firstProblem.find("line 4") != std::string::npos);
    QCOMPARE(readEvents(temp / "none").error().code, ErrorCode::NotFound);
}

void TestEvents::tornTailIsCutBeforeWriting()
{
    test::TempFolder temp;
    const std::string path = (temp / "events.jsonl").string();
    test::writeFile(path, "{\"event\":\"log\"}\n{\"eve");
    QVERIFY(cutTornLine(posixFileSystem(), path).ok());
    QCOMPARE(test::readFile(path), std::string("{\"event\":\"log\"}\n"));
    QVERIFY(cutTornLine(posixFileSystem(), path).ok());
    QCOMPARE(test::readFile(path), std::string("{\"event\":\"log\"}\n"));
    test::writeFile(path, "{\"eve");
    QVERIFY(cutTornLine(posixFileSystem(), path).ok());
    QCOMPARE(test::readFile(path), std::string());
    QVERIFY(cutTornLine(posixFileSystem(), (temp / "none").string()).ok());
}

void TestEvents::resumeReplacesWhatWasBeyondIt()
{
    std::vector<Event> events;
    const auto add = [&](EventKind kind, int step) {
        Event event;
        event.kind = kind;
        event.step = step;
        events.push_back(event);
    };
    add(EventKind::Started, 0);
    add(EventKind::Log, 10);
    add(EventKind::Checkpoint, 10);
    add(EventKind::Log, 20);
    add(EventKind::Evaluation, 20);
    add(EventKind::Finding, 20);
    add(EventKind::Resumed, 10);
    add(EventKind::Log, 20);
    const auto live = liveEvents(events);
    QCOMPARE(live.size(), std::size_t(6));
    QVERIFY(live[3].kind == EventKind::Finding);
    QCOMPARE(live.back().step, std::int64_t(20));
}

QTEST_APPLESS_MAIN(TestEvents)
#include "tst_events.moc"
