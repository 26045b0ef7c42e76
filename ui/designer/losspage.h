#pragma once

#include "ui/designer/datasuggestion.h"
#include "ui/designer/formpage.h"

class QFrame;

namespace studio {

class ChoiceField;

/// The loss of each training set with its options. The shape of the data enables the losses that fit; the
/// others stay in the list with the reason why they do not.
class LossPage : public FormPage
{
    Q_OBJECT

public:
    explicit LossPage(ExperimentDocument* document, QWidget* parent = nullptr);

    bool owns(const QString& key) const override;
    void refresh(const QString& key) override;
    /// What the preview found out about a training set ("train[0]").
    void setHead(const QString& setKey, const Table* head);

protected:
    void build() override;

private:
    struct Card
    {
        QString key; ///< "train[0]"
        QFrame* frame = nullptr;
        QVBoxLayout* column = nullptr;
        QLabel* title = nullptr;
        ChoiceField* type = nullptr;
        QVBoxLayout* options = nullptr;
        std::vector<FormRow*> optionRows;
        std::string shownType;
        LabelKind label = LabelKind::None;
        bool headKnown = false;
    };
    void rebuild();
    void refreshCard(Card& card);

    QVBoxLayout* m_list = nullptr;
    QLabel* m_empty = nullptr;
    std::vector<Card> m_cards;
    int m_sets = -1;
    bool m_rebuilding = false;
    std::vector<std::pair<QString, DataOffer>> m_offers;
};

} // namespace studio
