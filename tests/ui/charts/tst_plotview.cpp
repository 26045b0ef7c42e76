#include "support/testfiles.h"
#include "ui/charts/curvepalette.h"
#include "ui/charts/plotlink.h"
#include "ui/charts/plotview.h"

#include <QApplication>
#include <QImage>
#include <QLocale>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWheelEvent>
#include <QtCharts/QChart>
#include <QtCharts/QChartView>
#include <QtTest>

#include <cmath>
#include <limits>
#include <memory>

using namespace studio;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

QPalette paletteOf(bool dark)
{
    QPalette palette;
    palette.setColor(QPalette::Base, dark ? QColor(0x202124) : Qt::white);
    palette.setColor(QPalette::Text, dark ? QColor(0xeeeeee) : Qt::black);
    palette.setColor(QPalette::Window, dark ? QColor(0x2b2b2b) : QColor(0xf0f0f0));
    palette.setColor(QPalette::WindowText, palette.color(QPalette::Text));
    return palette;
}

int pixelsNear(const QImage& image, const QColor& colour)
{
    int count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const QColor pixel = image.pixelColor(x, y);
            count += std::abs(pixel.red() - colour.red()) + std::abs(pixel.green() - colour.green()) +
                         std::abs(pixel.blue() - colour.blue()) <
                     24;
        }
    return count;
}

} // namespace

class TestPlotView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init();
    void cleanup();

    void drawsTheCurveInItsColour_data();
    void drawsTheCurveInItsColour();
    void followsThePaletteWhileShown();
    void logAxisStillDrawsWithZeros();
    void gapIsLeftOpen();
    void singleValueIsADot();
    void boxZoomAndDoubleClick();
    void flatBoxKeepsYFollowing();
    void wheelZoomsAtThePointer();
    void panByMiddleAndShiftDrag();
    void keys();
    void caretSpeaks();
    void zoomedViewDoesNotMove();
    void cursorSnapsToLoggedSteps();
    void linkedPlots();
    void buttonsAndNames();
    void exports_data();
    void exports();
    void exportTellsFailures();
    void pictureEqualsScreen();
    void hiddenPlotCatchesUp();
    void survivesAnyRange();
    void plotAreaFollowsTheSize();
    void axesFollowTheSize();

private:
    QWidget* canvas() const { return m_plot->findChild<QChartView*>()->viewport(); }
    QPoint at(double xShare, double yShare) const;
    void append(int count);

    std::unique_ptr<MetricSeries> m_loss;
    std::unique_ptr<PlotView> m_plot;
};

void TestPlotView::init()
{
    m_loss = std::make_unique<MetricSeries>("loss");
    append(1000);
    m_plot.reset(createPlotView());
    m_plot->setTitle("Loss");
    m_plot->addCurve({"Loss", m_loss.get()});
    m_plot->setPalette(paletteOf(false));
    m_plot->resize(700, 400);
    m_plot->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_plot.get()));
}

void TestPlotView::cleanup()
{
    m_plot.reset();
    m_loss.reset();
}

void TestPlotView::append(int count)
{
    for (int i = 0; i < count; ++i) {
        const double step = double(m_loss->size() + 1);
        m_loss->append({step, step / 500, step * 16, step * 400, 1e9 + step},
                       1 + std::sin(step / 100) + 1 / step);
    }
}

/// A point in the plot area, from its lower left corner.
QPoint TestPlotView::at(double xShare, double yShare) const
{
    const double left = 70, top = 30, right = 20, bottom = 45;
    return QPoint(int(left + xShare * (canvas()->width() - left - right)),
                  int(top + (1 - yShare) * (canvas()->height() - top - bottom)));
}

void TestPlotView::drawsTheCurveInItsColour_data()
{
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestPlotView::drawsTheCurveInItsColour()
{
    QFETCH(bool, dark);
    m_plot->setPalette(paletteOf(dark));
    const QImage image = m_plot->grab().toImage();
    const auto palette = paletteOf(dark);
    QVERIFY(pixelsNear(image, curveStyle(0, palette).colour) > 300);
    QVERIFY(pixelsNear(image, palette.color(QPalette::Base)) > image.width() * image.height() / 2);
}

void TestPlotView::followsThePaletteWhileShown()
{
    const int lightInk = pixelsNear(m_plot->grab().toImage(), Qt::white);
    m_plot->setPalette(paletteOf(true));
    const QImage dark = m_plot->grab().toImage();
    QVERIFY(pixelsNear(dark, Qt::white) < lightInk / 10);
    QCOMPARE(pixelsNear(dark, curveStyle(0, paletteOf(false)).colour), 0);
}

void TestPlotView::logAxisStillDrawsWithZeros()
{
    m_loss->append({1001}, 0);
    m_loss->append({1002}, -1);
    m_loss->append({1003}, kNaN);
    m_plot->setLogY(true);
    QVERIFY(m_plot->logY());
    QVERIFY(m_plot->yRange().low > 0);
    QVERIFY(pixelsNear(m_plot->grab().toImage(), curveStyle(0, paletteOf(false)).colour) > 300);
    QVERIFY(m_plot->badge().contains("2 not shown"));
    QVERIFY(m_plot->badge().contains("1 not finite"));
}

void TestPlotView::gapIsLeftOpen()
{
    MetricSeries flat("flat");
    for (int i = 0; i <= 100; ++i)
        flat.append({double(i)}, i > 40 && i < 60 ? kNaN : 1.0);
    m_plot->clearCurves();
    m_plot->addCurve({"Flat", &flat, false, 0});
    const QImage image = m_plot->grab().toImage();
    const QColor ink = curveStyle(0, paletteOf(false)).colour;
    const QImage middle = image.copy(at(0.45, 1).x(), 60, at(0.55, 1).x() - at(0.45, 1).x(), 250);
    QCOMPARE(pixelsNear(middle, ink), 0);
    QVERIFY(pixelsNear(image, ink) > 200);
    QVERIFY(pixelsNear(image, alarmColour(paletteOf(false))) > 10);
    m_plot->clearCurves();
}

void TestPlotView::singleValueIsADot()
{
    MetricSeries one("one");
    one.append({10}, 0.8);
    m_plot->clearCurves();
    m_plot->addCurve({"One", &one, false, 0});
    QVERIFY(pixelsNear(m_plot->grab().toImage(), curveStyle(0, paletteOf(false)).colour) > 12);
    m_plot->clearCurves();
}

void TestPlotView::boxZoomAndDoubleClick()
{
    const auto before = m_plot->xRange();
    QSignalSpy moved(m_plot.get(), &PlotView::xRangeChanged);
    QTest::mousePress(canvas(), Qt::LeftButton, {}, at(0.25, 0.8));
    QTest::mouseMove(canvas(), at(0.4, 0.5));
    QTest::mouseMove(canvas(), at(0.5, 0.3));
    QTest::mouseRelease(canvas(), Qt::LeftButton, {}, at(0.5, 0.3));
    QCOMPARE(moved.size(), 1);
    QVERIFY(!m_plot->isFitted());
    const double length = before.length();
    QVERIFY(std::abs(m_plot->xRange().low - (before.low + 0.25 * length)) < 0.03 * length);
    QVERIFY(std::abs(m_plot->xRange().high - (before.low + 0.5 * length)) < 0.03 * length);
    QTest::mouseDClick(canvas(), Qt::LeftButton, {}, at(0.5, 0.5));
    QVERIFY(m_plot->isFitted());
    QVERIFY(m_plot->xRange().high >= 1000);
    QCOMPARE(moved.last().at(1).toBool(), true);
}

void TestPlotView::flatBoxKeepsYFollowing()
{
    QTest::mousePress(canvas(), Qt::LeftButton, {}, at(0.7, 0.5));
    QTest::mouseMove(canvas(), at(0.8, 0.5));
    QTest::mouseRelease(canvas(), Qt::LeftButton, {}, at(0.8, 0.5));
    Reduced visible;
    m_loss->reduce({AxisKind::Step, m_plot->xRange().low, m_plot->xRange().high, 1000, false}, visible);
    QVERIFY(m_plot->yRange().low <= visible.yMin && m_plot->yRange().high >= visible.yMax);
    QVERIFY(m_plot->yRange().length() < 3 * (visible.yMax - visible.yMin));
    // A click is no zoom.
    const auto range = m_plot->xRange();
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, at(0.2, 0.2));
    QCOMPARE(m_plot->xRange(), range);
}

void TestPlotView::wheelZoomsAtThePointer()
{
    const auto before = m_plot->xRange();
    const QPoint place = at(0.3, 0.5);
    const auto turn = [&](int delta, Qt::KeyboardModifiers modifiers) {
        QWheelEvent event(place, canvas()->mapToGlobal(place), {}, {0, delta}, Qt::NoButton, modifiers,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(canvas(), &event);
    };
    turn(240, Qt::NoModifier);
    const auto after = m_plot->xRange();
    QVERIFY(after.length() < 0.8 * before.length());
    const double held = before.low + 0.3 * before.length();
    QVERIFY(std::abs((held - after.low) / after.length() - 0.3) < 0.03);
    turn(-240, Qt::NoModifier);
    QVERIFY(std::abs(m_plot->xRange().length() - before.length()) < 1e-6 * before.length());
    const auto y = m_plot->yRange();
    turn(120, Qt::ControlModifier);
    QVERIFY(m_plot->yRange().length() < y.length());
    for (int i = 0; i < 200; ++i)
        turn(-120, Qt::NoModifier);
    QVERIFY(m_plot->xRange().length() <= 4.01 * 1000);
}

void TestPlotView::panByMiddleAndShiftDrag()
{
    m_plot->setXRange({400, 600});
    QTest::mousePress(canvas(), Qt::MiddleButton, {}, at(0.5, 0.5));
    QTest::mouseMove(canvas(), at(0.6, 0.5));
    QTest::mouseRelease(canvas(), Qt::MiddleButton, {}, at(0.6, 0.5));
    QVERIFY(std::abs(m_plot->xRange().low - 380) < 3);
    QVERIFY(std::abs(m_plot->xRange().length() - 200) < 1e-9);
    QTest::mousePress(canvas(), Qt::LeftButton, Qt::ShiftModifier, at(0.6, 0.5));
    QTest::mouseMove(canvas(), at(0.5, 0.5));
    QTest::mouseRelease(canvas(), Qt::LeftButton, Qt::ShiftModifier, at(0.5, 0.5));
    QVERIFY(std::abs(m_plot->xRange().low - 400) < 3);
}

void TestPlotView::keys()
{
    auto* view = m_plot->findChild<QChartView*>();
    QSignalSpy moved(m_plot.get(), &PlotView::xRangeChanged);
    const auto before = m_plot->xRange();
    QTest::keyClick(view, Qt::Key_Plus);
    QVERIFY(m_plot->xRange().length() < before.length());
    QTest::keyClick(view, Qt::Key_Minus);
    QVERIFY(std::abs(m_plot->xRange().length() - before.length()) < 1e-6 * before.length());
    QTest::keyClick(view, Qt::Key_Plus);
    const auto zoomed = m_plot->xRange();
    QTest::keyClick(view, Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(std::abs(m_plot->xRange().low - zoomed.low - 0.1 * zoomed.length()) < 1e-9 * zoomed.length());
    QTest::keyClick(view, Qt::Key_0);
    QVERIFY(m_plot->isFitted());
    QCOMPARE(moved.size(), 5);
    QTest::keyClick(view, Qt::Key_L);
    QVERIFY(m_plot->logY());
}

void TestPlotView::caretSpeaks()
{
    auto* view = m_plot->findChild<QChartView*>();
    QTest::keyClick(view, Qt::Key_Home);
    QVERIFY2(m_plot->readout().startsWith("Step 1\n"), qPrintable(m_plot->readout()));
    QCOMPARE(view->accessibleDescription(), m_plot->readout());
    QTest::keyClick(view, Qt::Key_Right);
    QVERIFY2(m_plot->readout().startsWith("Step 2\n"), qPrintable(m_plot->readout()));
    QCOMPARE(view->accessibleDescription(), m_plot->readout());
    QTest::keyClick(view, Qt::Key_End);
    QVERIFY(m_plot->readout().startsWith("Step 1,000\n"));
    QTest::keyClick(view, Qt::Key_Escape);
    QVERIFY(m_plot->readout().isEmpty());
    QVERIFY(view->accessibleDescription().startsWith("Loss "));
    // The view follows a caret that leaves it.
    m_plot->setXRange({100, 110});
    QTest::keyClick(view, Qt::Key_End);
    for (int i = 0; i < 3; ++i)
        QTest::keyClick(view, Qt::Key_Right);
    QVERIFY(m_plot->xRange().contains(113));
}

void TestPlotView::zoomedViewDoesNotMove()
{
    m_plot->setXRange({100, 200});
    const auto y = m_plot->yRange();
    append(5000);
    m_plot->refresh();
    QCOMPARE(m_plot->xRange(), (PlotRange{100, 200}));
    QCOMPARE(m_plot->yRange(), y);
    m_plot->fit();
    QVERIFY(m_plot->xRange().high >= 6000);
}

void TestPlotView::cursorSnapsToLoggedSteps()
{
    QSignalSpy moved(m_plot.get(), &PlotView::cursorMoved);
    QTest::mouseMove(canvas(), at(0.31, 0.5));
    QVERIFY(!moved.isEmpty());
    const auto x = moved.last().at(0).value<std::optional<double>>();
    QVERIFY(x);
    QCOMPARE(*x, std::round(*x));
    const auto index = std::size_t(*x) - 1;
    QVERIFY2(m_plot->readout().contains(QString::number(m_loss->values()[index], 'g', 4)),
             qPrintable(m_plot->readout()));
    const QImage with = m_plot->grab().toImage();
    m_plot->setCursorX(std::nullopt);
    QVERIFY(m_plot->grab().toImage() != with);
}

void TestPlotView::linkedPlots()
{
    MetricSeries metric("metric");
    metric.append({300}, 0.7);
    metric.append({900}, 0.8);
    std::unique_ptr<PlotView> other(createPlotView());
    other->addCurve({"Metric", &metric});
    PlotLink link;
    link.add(m_plot.get());
    link.add(other.get());
    QTest::mousePress(canvas(), Qt::MiddleButton, {}, at(0.5, 0.5));
    QTest::mouseMove(canvas(), at(0.7, 0.5));
    QTest::mouseRelease(canvas(), Qt::MiddleButton, {}, at(0.7, 0.5));
    QCOMPARE(other->xRange(), m_plot->xRange());
    QVERIFY(!other->isFitted());
    QVERIFY(other->readout().contains("Metric 0.7000 at 300") ||
            other->readout().contains("Metric 0.8000 at 900"));
    QTest::keyClick(m_plot->findChild<QChartView*>(), Qt::Key_0);
    QVERIFY(other->isFitted());
}

void TestPlotView::buttonsAndNames()
{
    for (const auto* widget : m_plot->findChildren<QWidget*>())
        if (widget->focusPolicy() != Qt::NoFocus && !widget->objectName().startsWith("qt_"))
            QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
    QToolButton* log = nullptr;
    QToolButton* fit = nullptr;
    for (auto* button : m_plot->findChildren<QToolButton*>()) {
        if (button->text() == "Log") log = button;
        if (button->text() == "Fit") fit = button;
    }
    QVERIFY(log && fit);
    QVERIFY(!fit->isEnabled());
    log->click();
    QVERIFY(m_plot->logY());
    m_plot->setXRange({10, 20});
    QVERIFY(fit->isEnabled());
    fit->click();
    QVERIFY(m_plot->isFitted() && !fit->isEnabled());
}

void TestPlotView::exports_data()
{
    QTest::addColumn<QString>("ending");
    QTest::addColumn<QByteArray>("start");
    QTest::newRow("png") << "png" << QByteArray("\x89PNG");
    QTest::newRow("svg") << "svg" << QByteArray("<?xml");
    QTest::newRow("pdf") << "pdf" << QByteArray("%PDF");
    QTest::newRow("csv") << "csv" << QByteArray("curve,step");
}

void TestPlotView::exports()
{
    QFETCH(QString, ending);
    QFETCH(QByteArray, start);
    test::TempFolder folder;
    const auto path = folder / ("chart." + ending.toStdString());
    QCOMPARE(m_plot->exportTo(QString::fromStdString(path.string())), QString());
    const QByteArray bytes = QByteArray::fromStdString(test::readFile(path));
    QVERIFY(bytes.startsWith(start));
    if (ending == "svg") {
        QVERIFY(bytes.contains("Loss"));
        QSvgRenderer renderer(bytes);
        QVERIFY(renderer.isValid());
        QImage image(m_plot->size(), QImage::Format_ARGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        renderer.render(&painter);
        QVERIFY(pixelsNear(image, curveStyle(0, paletteOf(false)).colour) > 300);
    }
    if (ending == "csv") QCOMPARE(bytes.count('\n'), 1001);
}

void TestPlotView::exportTellsFailures()
{
    QVERIFY(m_plot->exportTo("chart.bmp").contains(".png, .svg, .pdf or .csv"));
    const QString problem = m_plot->exportTo("/nonexistent/folder/chart.png");
    QVERIFY2(problem.contains("/nonexistent/folder/chart.png"), qPrintable(problem));
}

void TestPlotView::pictureEqualsScreen()
{
    test::TempFolder folder;
    const auto path = QString::fromStdString((folder / "chart.png").string());
    QCOMPARE(m_plot->exportTo(path), QString());
    const QImage picture = QImage(path)
                               .scaled(m_plot->size(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                               .convertToFormat(QImage::Format_RGB32);
    const QImage screen = m_plot->grab().toImage().convertToFormat(QImage::Format_RGB32);
    // The plot area: text is hinted differently at another scale, curves and grid are not.
    int different = 0;
    for (int y = 36; y < screen.height() - 48; ++y)
        for (int x = 72; x < screen.width() - 15; ++x)
            different += std::abs(qGray(picture.pixel(x, y)) - qGray(screen.pixel(x, y))) > 110;
    QVERIFY2(different < 40, qPrintable(QString::number(different)));
}

void TestPlotView::hiddenPlotCatchesUp()
{
    m_plot->hide();
    append(4000);
    m_plot->refresh();
    m_plot->show();
    QVERIFY(m_plot->xRange().high >= 5000);
    QVERIFY(pixelsNear(m_plot->grab().toImage(), curveStyle(0, paletteOf(false)).colour) > 300);
}

void TestPlotView::survivesAnyRange()
{
    m_plot->setXRange({1e12, 2e12});
    m_plot->grab();
    m_plot->setXRange({-1e300, 1e300});
    m_plot->grab();
    m_plot->setXRange({500, 500 + 1e-9});
    m_plot->grab();
    m_plot->resize(10, 10);
    m_plot->grab();
    m_plot->resize(700, 400);
    m_plot->fit();
    QVERIFY(pixelsNear(m_plot->grab().toImage(), curveStyle(0, paletteOf(false)).colour) > 300);
}

/// Labels and badge have their room below the axis at any size and after any change.
void TestPlotView::plotAreaFollowsTheSize()
{
    auto* view = m_plot->findChild<QChartView*>();
    const auto margin = [&] { return view->height() - view->chart()->plotArea().bottom(); };
    const double before = margin();
    for (const int height : {300, 290, 500, 260}) {
        m_plot->resize(700, height);
        m_plot->grab();
        QCOMPARE(margin(), before);
    }
    m_plot->setLogY(true);
    m_plot->grab();
    QCOMPARE(margin(), before);
}

/// The painted axis lies where the curves and marks take the lower edge of the plot area to be.
void TestPlotView::axesFollowTheSize()
{
    const QColor base = paletteOf(false).color(QPalette::Base), text = paletteOf(false).color(QPalette::Text);
    const QColor ink = mixed(base, text, 0.4);
    auto* view = m_plot->findChild<QChartView*>();
    for (const int height : {400, 330, 350, 345, 500}) {
        m_plot->resize(700, height);
        for (int round = 0; round < 3; ++round)
            QApplication::processEvents();
        const QImage image = m_plot->grab().toImage();
        const QRectF area = view->chart()->plotArea();
        const double ratio = image.devicePixelRatio();
        int most = 0;
        for (int shift = -1; shift <= 1; ++shift) {
            int inked = 0;
            const int y = int(area.bottom() * ratio) + shift;
            for (int x = int(area.left() * ratio); x < int(area.right() * ratio); ++x) {
                const QColor pixel = image.pixelColor(x, y);
                inked += std::abs(pixel.red() - ink.red()) < 40;
            }
            most = std::max(most, inked);
        }
        QVERIFY2(most > area.width() * ratio * 0.8, qPrintable(QString("%1: %2").arg(height).arg(most)));
    }
}

QTEST_MAIN(TestPlotView)
#include "tst_plotview.moc"
