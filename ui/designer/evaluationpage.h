#pragma once

#include "ui/designer/formpage.h"

class QFrame;

namespace studio {

class ChoiceField;

/// The evaluators: what is measured on which evaluation set, and when that ends a run early.
class EvaluationPage : public FormPage
{
    Q_OBJECT

public:
    explicit EvaluationPage(ExperimentDocument* document, QWidget* parent = nullptr);

    bool owns(const QString& key) const override;
    void refresh(const QString& key) override;

protected:
    void build() override;

private:
    struct Card
    {
        QString key; ///< "evaluators[0]"
        QFrame* frame = nullptr;
        ChoiceField* data = nullptr;
        QVBoxLayout* options = nullptr;
        std::vector<FormRow*> rows;
        std::vector<FormRow*> optionRows;
        std::string shownType;
    };
    void rebuild();
    void refreshCard(Card& card);
    void addEarlyStopping();
    void addEvaluator();
    void removeEvaluator(int index);

    QVBoxLayout* m_list = nullptr;
    std::vector<Card> m_cards;
    int m_count = -1;
};

} // namespace studio
