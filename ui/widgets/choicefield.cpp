#include "ui/widgets/choicefield.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

namespace studio {

namespace {

constexpr int kJsonRole = Qt::UserRole;
constexpr int kSentenceRole = Qt::UserRole + 1;
constexpr int kPlainSentenceRole = Qt::UserRole + 2;

/// Label in the first line, sentence in smaller grey text in the second.
class ChoiceDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        const QString label = item.text;
        item.text.clear();
        QStyle* style = item.widget ? item.widget->style() : QApplication::style();
        style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

        const bool selected = item.state & QStyle::State_Selected;
        const auto group = item.state & QStyle::State_Enabled ? QPalette::Active : QPalette::Disabled;
        QColor ink = item.palette.color(group, selected ? QPalette::HighlightedText : QPalette::Text);
        const QRect area = item.rect.adjusted(8, 4, -8, -4);
        painter->save();
        painter->setPen(ink);
        painter->setFont(item.font);
        painter->drawText(area, Qt::AlignLeft | Qt::AlignTop, label);
        const QString sentence = index.data(kSentenceRole).toString();
        if (!sentence.isEmpty()) {
            ink.setAlphaF(0.72f);
            painter->setPen(ink);
            painter->setFont(smaller(item.font));
            const QFontMetrics metrics(painter->font());
            painter->drawText(area, Qt::AlignLeft | Qt::AlignBottom,
                              metrics.elidedText(sentence, Qt::ElideRight, area.width()));
        }
        painter->restore();
    }

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const QFontMetrics first(option.font);
        const QFontMetrics second(smaller(option.font));
        const QString sentence = index.data(kSentenceRole).toString();
        const int width = std::max(first.horizontalAdvance(index.data().toString()),
                                   std::min(second.horizontalAdvance(sentence), 620));
        const int height = first.height() + (sentence.isEmpty() ? 0 : second.height()) + 8;
        return QSize(width + 24, height);
    }

private:
    static QFont smaller(QFont font)
    {
        font.setPointSizeF(font.pointSizeF() * 0.9);
        return font;
    }
};

} // namespace

ChoiceField::ChoiceField(QWidget* parent)
    : FieldEditor(parent), m_box(new QComboBox(this)), m_sentence(new QLabel(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(m_box, 0, Qt::AlignLeft);
    column->addWidget(m_sentence);
    m_sentence->setWordWrap(true);
    m_sentence->setForegroundRole(QPalette::PlaceholderText);
    m_sentence->hide();
    m_box->setItemDelegate(new ChoiceDelegate(m_box));
    m_box->setFocusPolicy(Qt::StrongFocus);
    m_box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_box->setMinimumContentsLength(16);
    setFocusProxy(m_box);
    watch(m_box);
    connect(m_box, &QComboBox::activated, this, &ChoiceField::onActivated);
}

void ChoiceField::setChoices(const std::vector<ChoiceItem>& choices)
{
    const Json before = value();
    const bool hasNull =
        m_box->count() > 0 && m_box->itemData(0, kJsonRole).toString() == QLatin1String("null");
    while (m_box->count() > (hasNull ? 1 : 0))
        m_box->removeItem(m_box->count() - 1);
    for (const ChoiceItem& choice : choices) {
        m_box->addItem(choice.label.isEmpty() ? choice.value : choice.label);
        const int row = m_box->count() - 1;
        m_box->setItemData(row, QString::fromStdString(Json(choice.value.toStdString()).dump()), kJsonRole);
        m_box->setItemData(row, choice.sentence, kSentenceRole);
        m_box->setItemData(row, choice.sentence, kPlainSentenceRole);
    }
    if (!before.is_null()) setValue(before);
    showSentence();
}

void ChoiceField::setNullable(const QString& label)
{
    m_box->insertItem(0, label);
    m_box->setItemData(0, QStringLiteral("null"), kJsonRole);
}

void ChoiceField::setChoiceEnabled(const QString& choice, bool enabled, const QString& reason)
{
    const int row = indexOf(Json(choice.toStdString()));
    auto* model = qobject_cast<QStandardItemModel*>(m_box->model());
    if (row < 0 || !model) return;
    model->item(row)->setEnabled(enabled);
    m_box->setItemData(row, enabled ? m_box->itemData(row, kPlainSentenceRole).toString() : reason,
                       kSentenceRole);
    if (row == m_box->currentIndex()) showSentence();
}

Json ChoiceField::value() const
{
    if (m_box->currentIndex() < 0) return Json();
    return Json::parse(m_box->currentData(kJsonRole).toString().toStdString());
}

int ChoiceField::indexOf(const Json& value) const
{
    return m_box->findData(QString::fromStdString(value.dump()), kJsonRole);
}

void ChoiceField::setValue(const Json& value)
{
    int row = indexOf(value);
    if (row < 0) {
        const QString text = value.is_string() ? QString::fromStdString(value.get<std::string>())
                                               : QString::fromStdString(value.dump());
        m_box->addItem(value.is_null() ? tr("Not set") : tr("%1 (unknown)").arg(text));
        row = m_box->count() - 1;
        m_box->setItemData(row, QString::fromStdString(value.dump()), kJsonRole);
        m_box->setItemData(
            row, value.is_null() ? QString() : tr("Not a choice that this version knows; it is kept."),
            kSentenceRole);
    }
    m_box->setCurrentIndex(row);
    showSentence();
}

QWidget* ChoiceField::control() const
{
    return m_box;
}

void ChoiceField::onActivated()
{
    showSentence();
    Q_EMIT edited();
}

void ChoiceField::showSentence()
{
    const QString sentence = m_box->currentData(kSentenceRole).toString();
    m_sentence->setText(sentence);
    m_sentence->setVisible(!sentence.isEmpty());
}

} // namespace studio
